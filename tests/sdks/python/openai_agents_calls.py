from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from calls import BASE, HELLO, KEY, MODEL, SUNNY, call, main
from openai import AsyncOpenAI
from pydantic import BaseModel

set_tracing_disabled(True)


class Person(BaseModel):
    name: str
    age: int


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return "sunny in " + city


def agent(model=OpenAIChatCompletionsModel, **more):
    client = AsyncOpenAI(base_url=BASE, api_key=KEY, max_retries=0)
    return Agent(name="helper", instructions="Be brief.", model=model(model=MODEL, openai_client=client), **more)


async def run(made, words):
    return (await Runner.run(made, words)).final_output


@call
async def an_answer():
    assert await run(agent(), "SAY-HELLO") == HELLO


@call
async def an_answer_by_responses():
    assert await run(agent(OpenAIResponsesModel), "SAY-HELLO") == HELLO


@call
async def a_stream():
    result = Runner.run_streamed(agent(), "SAY-HELLO")
    assert [event async for event in result.stream_events()] and result.final_output == HELLO


@call
async def a_stream_by_responses():
    result = Runner.run_streamed(agent(OpenAIResponsesModel), "SAY-HELLO")
    assert [event async for event in result.stream_events()] and result.final_output == HELLO


@call
async def a_tool():
    assert await run(agent(tools=[get_weather]), "THE-WEATHER") == SUNNY


@call
async def a_tool_by_responses():
    assert await run(agent(OpenAIResponsesModel, tools=[get_weather]), "THE-WEATHER") == SUNNY


@call
async def a_tool_that_must_be_called():
    settings = ModelSettings(tool_choice="required", parallel_tool_calls=False)
    assert await run(agent(tools=[get_weather], model_settings=settings), "THE-WEATHER") == SUNNY


@call
async def an_output_type():
    assert await run(agent(output_type=Person), "PERSON-JSON") == Person(name="Ada", age=36)


@call
async def an_output_type_by_responses():
    assert await run(agent(OpenAIResponsesModel, output_type=Person), "PERSON-JSON") == Person(name="Ada", age=36)


@call
async def a_handoff():
    assert await run(agent(handoffs=[agent()]), "HAND-OVER") == SUNNY  # what the script says behind any tool's result


main()
