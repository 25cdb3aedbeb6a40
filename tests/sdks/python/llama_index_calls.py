from calls import BASE, HELLO, KEY, MODEL, call, main
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel


class Person(BaseModel):
    """Somebody."""
    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather of a city."""
    return "sunny in " + city


def model(**more):
    return OpenAILike(model=MODEL, api_base=BASE, api_key=KEY, is_chat_model=True, is_function_calling_model=True, max_retries=0,
                      context_window=8192, **more)


HELLO_MESSAGES = [ChatMessage(role="user", content="SAY-HELLO")]


@call
def complete():
    assert model().complete("SAY-HELLO").text == HELLO


@call
def stream_complete():
    assert [*model().stream_complete("SAY-HELLO")][-1].text == HELLO


@call
def chat():
    assert model().chat(HELLO_MESSAGES).message.content == HELLO


@call
def stream_chat():
    assert [*model().stream_chat(HELLO_MESSAGES)][-1].message.content == HELLO


@call
async def achat():
    assert (await model().achat(HELLO_MESSAGES)).message.content == HELLO


@call
def chat_with_tools():
    llm = model()
    answer = llm.chat_with_tools([FunctionTool.from_defaults(get_weather)], user_msg="THE-WEATHER", allow_parallel_tool_calls=False)
    assert llm.get_tool_calls_from_response(answer)[0].tool_kwargs == {"city": "Paris"}


@call
def chat_with_tools_required():
    llm = model()
    answer = llm.chat_with_tools([FunctionTool.from_defaults(get_weather)], user_msg="THE-WEATHER", tool_required=True)
    assert llm.get_tool_calls_from_response(answer)[0].tool_name == "get_weather"


@call
def structured_by_function():
    answer = model().as_structured_llm(Person).complete("PERSON-CALL")
    assert answer.raw == Person(name="Ada", age=36)


@call
def structured_by_json_schema():
    answer = model(should_use_structured_outputs=True).as_structured_llm(Person).complete("PERSON-JSON")
    assert answer.raw == Person(name="Ada", age=36)


main()
