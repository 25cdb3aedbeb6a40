import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { BASE, call, HELLO, KEY, main, MODEL, PIXEL, refused, said, SEES, SUNNY, WEATHER } from './calls.mjs';

const client = new OpenAI({ baseURL: BASE, apiKey: KEY, maxRetries: 0 });
const Person = z.object({ name: z.string(), age: z.number().int() });
const TOOL = { type: 'function', function: { name: 'get_weather', parameters: WEATHER } };
const chat = (content = 'SAY-HELLO', more = {}) => client.chat.completions.create({ model: MODEL, messages: said(content), ...more });
const text = (answer) => answer.choices[0].message.content;

call('models list', async () => assert((await client.models.list()).data.some((model) => model.id === MODEL)));
call('chat create', async () => assert.equal(text(await chat()), HELLO));
call('chat stream', async () => {
  let all = '';
  for await (const event of await chat('SAY-HELLO', { stream: true, stream_options: { include_usage: true } })) all += event.choices[0]?.delta?.content ?? '';
  assert.equal(all, HELLO);
});
call('chat stream helper', async () => {
  const runner = client.chat.completions.stream({ model: MODEL, messages: said('SAY-HELLO') });
  assert.equal(await runner.finalContent(), HELLO);
});
call('chat a picture', () => chat([{ type: 'image_url', image_url: { url: 'data:image/png;base64,' + PIXEL } }, { type: 'text', text: 'What is it?' }], { model: SEES, max_tokens: 3 }));
call('tools auto', async () => assert.equal((await chat('THE-WEATHER', { tools: [TOOL] })).choices[0].message.tool_calls[0].function.name, 'get_weather'));
call('tools required, one at a time', async () => {
  const answer = await chat('THE-WEATHER', { tools: [TOOL], tool_choice: 'required', parallel_tool_calls: false });
  assert.equal(answer.choices[0].message.tool_calls.length, 1);
});
call('tools by zodFunction', async () => {
  const answer = await client.chat.completions.parse({ model: MODEL, messages: said('PERSON-CALL'), tools: [zodFunction({ name: 'Person', parameters: Person })] });
  assert.deepEqual(answer.choices[0].message.tool_calls[0].function.parsed_arguments, { name: 'Ada', age: 36 });
});
call('tools by runTools', async () => {
  const tool = { type: 'function', function: { name: 'get_weather', parameters: WEATHER, parse: JSON.parse, function: ({ city }) => 'sunny in ' + city } };
  assert.equal(await client.chat.completions.runTools({ model: MODEL, messages: said('THE-WEATHER'), tools: [tool] }).finalContent(), SUNNY);
});
call('structure by zodResponseFormat', async () => {
  const answer = await client.chat.completions.parse({ model: MODEL, messages: said('PERSON-JSON'), response_format: zodResponseFormat(Person, 'person') });
  assert.deepEqual(answer.choices[0].message.parsed, { name: 'Ada', age: 36 });
});
call('structure json_object', async () => JSON.parse(text(await chat('PERSON-JSON', { response_format: { type: 'json_object' } }))));
call('completions', () => client.completions.create({ model: MODEL, prompt: 'Once', max_tokens: 3 }));
call('responses create', async () => assert.equal((await client.responses.create({ model: MODEL, input: 'SAY-HELLO' })).output_text, HELLO));
call('responses stream', async () => {
  const kinds = [];
  for await (const event of await client.responses.create({ model: MODEL, input: 'SAY-HELLO', stream: true })) kinds.push(event.type);
  assert.equal(kinds.at(-1), 'response.completed');
});
call('responses parse', async () => {
  const answer = await client.responses.parse({ model: MODEL, input: 'PERSON-JSON', text: { format: zodTextFormat(Person, 'person') } });
  assert.deepEqual(answer.output_parsed, { name: 'Ada', age: 36 });
});
call('responses retrieve and delete', async () => {
  const made = await client.responses.create({ model: MODEL, input: 'SAY-HELLO' });
  assert.equal((await client.responses.retrieve(made.id)).output_text, HELLO);
  await client.responses.delete(made.id);
});
call('a stream that is left', async () => {
  const stream = await chat('SAY-HELLO', { stream: true });
  for await (const _ of stream) break;
});
refused('several answers', "'n'", () => chat('SAY-HELLO', { n: 2 }));
refused('a model that is not there', 'not_a_model', () => chat('SAY-HELLO', { model: 'not_a_model' }));
refused('embeddings', '404', () => client.embeddings.create({ model: MODEL, input: 'hi' }));

await main();
