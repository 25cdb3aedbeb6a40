import assert from 'node:assert/strict';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embed, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { BASE, call, HELLO, KEY, main, MODEL, PIXEL, refused, SEES, SUNNY } from './calls.mjs';

const compatible = createOpenAICompatible({ name: 'sanctum', baseURL: BASE, apiKey: KEY, includeUsage: true, supportsStructuredOutputs: true });
const openai = createOpenAI({ baseURL: BASE, apiKey: KEY });
const anthropic = createAnthropic({ baseURL: BASE, apiKey: KEY });
const Person = z.object({ name: z.string(), age: z.number().int() });
const get_weather = tool({ description: 'The weather of a city.', inputSchema: z.object({ city: z.string() }), execute: async ({ city }) => 'sunny in ' + city });
const ask = (model, prompt, more = {}) => generateText({ model, prompt, maxRetries: 0, ...more });

for (const [name, model] of [['openai-compatible', compatible(MODEL)], ['openai chat', openai.chat(MODEL)], ['openai responses', openai.responses(MODEL)], ['anthropic', anthropic(MODEL)]]) {
  // For models that it doesn't know it asks Anthropic's API for a call of a tool that it names "json".
  const person = name === 'anthropic' ? 'PERSON-AS-JSON-CALL' : 'PERSON-JSON';
  call(name + ': generateText', async () => assert.equal((await ask(model, 'SAY-HELLO')).text, HELLO));
  call(name + ': streamText', async () => {
    const result = streamText({ model, prompt: 'SAY-HELLO', maxRetries: 0 });
    let all = '';
    for await (const piece of result.textStream) all += piece;
    assert.equal(all, HELLO);
    assert((await result.usage).outputTokens > 0);
  });
  call(name + ': a tool, and its result', async () => assert.equal((await ask(model, 'THE-WEATHER', { tools: { get_weather }, stopWhen: stepCountIs(3) })).text, SUNNY));
  call(name + ': an object', async () => assert.deepEqual((await ask(model, person, { output: Output.object({ schema: Person }) })).output, { name: 'Ada', age: 36 }));
}
call('openai-compatible: a tool that must be called', async () => {
  assert.equal((await ask(compatible(MODEL), 'THE-WEATHER', { tools: { get_weather }, toolChoice: 'required' })).toolCalls[0].toolName, 'get_weather');
});
call('openai-compatible: a picture', () => ask(compatible(SEES), undefined, {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, { type: 'file', data: Buffer.from(PIXEL, 'base64'), mediaType: 'image/png' }] }], maxOutputTokens: 3 }));
refused('openai-compatible: embed', '404', () => embed({ model: compatible.textEmbeddingModel(MODEL), value: 'hi', maxRetries: 0 }));

await main();
