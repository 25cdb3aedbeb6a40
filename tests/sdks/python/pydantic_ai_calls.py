from calls import BASE, HELLO, KEY, MODEL, SUNNY, URL, call, main
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider


class Person(BaseModel):
    name: str
    age: int


def chat():
    return OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=BASE, api_key=KEY))


def agent(model=None, **more):
    return Agent(model or chat(), **more)


def with_weather(model=None):
    made = agent(model)

    @made.tool_plain
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return "sunny in " + city

    return made


@call
def an_answer():
    assert agent(instructions="Be brief.").run_sync("SAY-HELLO").output == HELLO


@call
async def a_stream():
    async with agent().run_stream("SAY-HELLO") as result:
        assert await result.get_output() == HELLO


@call
def a_tool():
    assert with_weather().run_sync("THE-WEATHER").output == SUNNY


@call
def an_output_by_tool():
    assert agent(output_type=Person).run_sync("PERSON-RESULT").output == Person(name="Ada", age=36)


@call
def an_output_by_json_schema():
    assert agent(output_type=NativeOutput(Person)).run_sync("PERSON-JSON").output == Person(name="Ada", age=36)


@call
def an_output_by_prompt():
    assert agent(output_type=PromptedOutput(Person)).run_sync("PERSON-JSON").output == Person(name="Ada", age=36)


@call
def by_responses():
    model = OpenAIResponsesModel(MODEL, provider=OpenAIProvider(base_url=BASE, api_key=KEY))
    assert agent(model).run_sync("SAY-HELLO").output == HELLO
    assert with_weather(model).run_sync("THE-WEATHER").output == SUNNY


@call
def by_messages():
    model = AnthropicModel(MODEL, provider=AnthropicProvider(base_url=URL, api_key=KEY))
    assert agent(model).run_sync("SAY-HELLO").output == HELLO
    assert with_weather(model).run_sync("THE-WEATHER").output == SUNNY


main()
