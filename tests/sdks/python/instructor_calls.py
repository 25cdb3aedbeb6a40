import instructor
from calls import BASE, KEY, MODEL, call, main, said
from openai import OpenAI
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


ADA = {"name": "Ada", "age": 36}


def ask(mode, words, **more):
    client = instructor.from_openai(OpenAI(base_url=BASE, api_key=KEY, max_retries=0), mode=mode)
    return client.chat.completions.create(model=MODEL, messages=said(words), response_model=Person, max_retries=1, **more).model_dump()


@call
def by_tools():
    assert ask(instructor.Mode.TOOLS, "PERSON-CALL") == ADA


@call
def by_strict_tools():
    assert ask(instructor.Mode.TOOLS_STRICT, "PERSON-CALL") == ADA


@call
def by_json_mode():
    assert ask(instructor.Mode.JSON, "PERSON-JSON") == ADA


@call
def by_json_schema():
    assert ask(instructor.Mode.JSON_SCHEMA, "PERSON-JSON") == ADA


main()
