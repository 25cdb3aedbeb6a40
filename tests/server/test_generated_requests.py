"""Requests that are drawn from /openapi.json, right ones and wrong ones: each gets an answer or a clear refusal, and the engine lives on."""

import json

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from programs import count

REQUESTS = count(500, 10_000)
SECONDS_MAX = 60
TOKENS_MAX = 8  # an answer is no longer; whether it may be is another test's
TOKEN_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
LIMIT_OF = {"/v1/responses": "max_output_tokens", "/v1/responses/input_tokens": "max_output_tokens"}
MAY_BE_REFUSED_FOR_NOW = (503, 507)


def short(path, body, number):
    """Two of three are about a model that is there."""
    if not isinstance(body, dict):
        return body
    if number % 3:
        body = body | {"model": "sanctum-smoke"}
    if not any(name in body for name in TOKEN_LIMITS):
        return body | {LIMIT_OF.get(path, "max_tokens"): TOKENS_MAX}
    return body | {name: TOKENS_MAX for name in TOKEN_LIMITS if type(body.get(name)) is int and not 0 <= body[name] <= TOKENS_MAX}


def test_no_request_is_too_odd(start_server):
    server = start_server("--probes", "off")
    engine = server.engine_pid()
    operations = [result.ok() for result in schemathesis.openapi.from_url(server.url + "/openapi.json").get_all_operations()]
    # Of a GET there is nothing to get wrong.
    kinds = [(operation, mode) for operation in operations for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
             if operation.method == "post" or mode == GenerationMode.POSITIVE]
    most = -(-REQUESTS // sum(operation.method == "post" for operation, _ in kinds))
    statuses, answered = {}, set()
    for operation, mode in kinds:
        numbers = iter(range(10 * REQUESTS))

        @settings(max_examples=most, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def asked(case):
            number = next(numbers)
            case.body = short(case.path, case.body, number)
            if case.path_parameters and number % 3:
                case.path_parameters = {"model": "sanctum-smoke"}
            response = case.call(timeout=SECONDS_MAX)
            statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
            if response.status_code == 200:
                answered.add(case.path)
            if response.status_code >= 500:
                assert response.status_code in MAY_BE_REFUSED_FOR_NOW and "retry-after" in response.headers, (case.as_curl_command(), response.text)
            if response.status_code >= 400:
                assert json.loads(response.content)["error"]["message"], case.as_curl_command()

        asked()
    print(f"{sum(statuses.values())} requests: {dict(sorted(statuses.items()))}")
    assert sum(statuses.values()) >= REQUESTS, statuses
    assert answered == {operation.path for operation in operations}, "each path answers some of them"
    assert server.engine_pid() == engine, "one of them ended the engine"
