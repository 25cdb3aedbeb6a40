import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { call, HELLO, KEY, main, MODEL, PIXEL, refused, said, SEES, SUNNY, URL, WEATHER } from './calls.mjs';

const client = new Anthropic({ baseURL: URL, apiKey: KEY, maxRetries: 0 });
const TOOL = { name: 'get_weather', input_schema: WEATHER };
const create = (content = 'SAY-HELLO', more = {}) => client.messages.create({ model: MODEL, max_tokens: 200, messages: said(content), ...more });

call('messages create', async () => assert.equal((await create()).content[0].text, HELLO));
call('messages stream', async () => {
  const stream = client.messages.stream({ model: MODEL, max_tokens: 200, messages: said('SAY-HELLO') });
  assert.equal(await stream.finalText(), HELLO);
});
call('messages stream by events', async () => {
  const kinds = [];
  for await (const event of await create('SAY-HELLO', { stream: true })) kinds.push(event.type);
  assert.equal(kinds.at(-1), 'message_stop');
});
call('beta messages', async () => {
  const answer = await client.beta.messages.create({ model: MODEL, max_tokens: 200, messages: said('SAY-HELLO'), betas: ['context-management-2025-06-27'] });
  assert.equal(answer.content[0].text, HELLO);
});
call('a picture', () => create([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }, { type: 'text', text: 'What is it?' }], { model: SEES, max_tokens: 3 }));
call('a tool', async () => assert.deepEqual((await create('THE-WEATHER', { tools: [TOOL] })).content.at(-1).input, { city: 'Paris' }));
call("a tool's result", async () => {
  const { content } = await create('THE-WEATHER', { tools: [TOOL] });
  const result = [{ type: 'tool_result', tool_use_id: content.at(-1).id, content: 'sunny' }];
  const answer = await create('', { messages: [...said('THE-WEATHER'), { role: 'assistant', content }, { role: 'user', content: result }], tools: [TOOL] });
  assert.equal(answer.content[0].text, SUNNY);
});
call('count tokens', async () => assert((await client.messages.countTokens({ model: MODEL, messages: said('SAY-HELLO') })).input_tokens > 0));
call('models list', async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert(ids.includes(MODEL));
});
refused('batches', '404', () => client.messages.batches.create({ requests: [{ custom_id: 'a', params: { model: MODEL, max_tokens: 5, messages: said('hi') } }] }));

await main();
