from calls import BASE, HELLO, KEY, MODEL, PICTURE, SEES, SUNNY, URL, call, main, refused
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from pydantic import BaseModel


class Person(BaseModel):
    """Somebody."""
    name: str
    age: int


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return "sunny in " + city


def chat(**more):
    return ChatOpenAI(**{"model": MODEL, "base_url": BASE, "api_key": KEY, "max_retries": 0, **more})


@call
def invoke():
    assert chat().invoke([SystemMessage("Be brief."), HumanMessage("SAY-HELLO")]).content == HELLO


@call
def stream():
    assert "".join(piece.content for piece in chat().stream("SAY-HELLO")) == HELLO


@call
async def ainvoke():
    assert (await chat().ainvoke("SAY-HELLO")).content == HELLO


@call
def batch():
    assert [answer.content for answer in chat().batch(["SAY-HELLO"] * 4)] == [HELLO] * 4


@call
def usage():
    assert chat(stream_usage=True).invoke("SAY-HELLO").usage_metadata["output_tokens"] > 0


@call
def bind_tools():
    assert chat().bind_tools([get_weather]).invoke("THE-WEATHER").tool_calls[0]["args"] == {"city": "Paris"}


@call
def bind_tools_strict_and_not_parallel():
    bound = chat().bind_tools([get_weather], strict=True, parallel_tool_calls=False, tool_choice="any")
    assert bound.invoke("THE-WEATHER").tool_calls[0]["name"] == "get_weather"


@call
def a_tools_result():
    asked = {"name": "get_weather", "args": {"city": "Paris"}, "id": "c1"}
    history = [HumanMessage("THE-WEATHER"), AIMessage("", tool_calls=[asked]), ToolMessage("sunny", tool_call_id="c1")]
    assert chat().bind_tools([get_weather]).invoke(history).content == SUNNY


@call
def structured_by_json_schema():
    assert chat().with_structured_output(Person, method="json_schema").invoke("PERSON-JSON") == Person(name="Ada", age=36)


@call
def structured_by_function():
    assert chat().with_structured_output(Person, method="function_calling").invoke("PERSON-CALL") == Person(name="Ada", age=36)


@call
def structured_by_json_mode():
    assert chat().with_structured_output(Person, method="json_mode").invoke("PERSON-JSON") == Person(name="Ada", age=36)


@call
def a_picture():
    content = [{"type": "image_url", "image_url": {"url": PICTURE}}, {"type": "text", "text": "What is it?"}]
    chat(model=SEES, max_tokens=3).invoke([HumanMessage(content)])


@call
def responses():
    assert chat(use_responses_api=True).invoke("SAY-HELLO").text == HELLO


@call
def responses_tools():
    assert chat(use_responses_api=True).bind_tools([get_weather]).invoke("THE-WEATHER").tool_calls[0]["args"] == {"city": "Paris"}


@call
def completions():
    OpenAI(model=MODEL, base_url=BASE, api_key=KEY, max_tokens=3, max_retries=0).invoke("Once")


@call
def by_anthropics_client():
    assert ChatAnthropic(model=MODEL, base_url=URL, api_key=KEY, max_retries=0).invoke("SAY-HELLO").content == HELLO


@call
def by_anthropics_client_with_tools():
    chat = ChatAnthropic(model=MODEL, base_url=URL, api_key=KEY, max_retries=0).bind_tools([get_weather])
    assert chat.invoke("THE-WEATHER").tool_calls[0]["args"] == {"city": "Paris"}


@refused("'n'")
def several_answers():
    chat(n=2).invoke("SAY-HELLO")


@refused("404")
def embeddings():
    OpenAIEmbeddings(model=MODEL, base_url=BASE, api_key=KEY, max_retries=0, check_embedding_ctx_length=False).embed_query("hi")


main()
