// The calls of one SDK: call(name, does), refused(name, words, does), and at last main(), which runs
// them all and prints a line of JSON for each.
export const URL = process.env.SANCTUM_SDK_URL; // without /v1
export const BASE = URL + '/v1', MODEL = 'scripted', SEES = 'sanctum-smoke', KEY = 'none';
export const { HELLO, SUNNY } = JSON.parse(process.env.SANCTUM_SDK_WORDS);
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';
export const WEATHER = {
  type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false,
};
const calls = [];

export const said = (content) => [{ role: 'user', content }];
export const call = (name, does) => calls.push({ name, does });
export const refused = (name, words, does) => calls.push({ name, does, words });

export async function main() {
  for (const { name, does, words } of calls) {
    let line;
    try {
      await does();
      line = { call: name, came: words === undefined ? 'answered' : 'wrong', what: words === undefined ? '' : 'it was not refused' };
    } catch (failure) {
      const text = `${failure.status ?? failure.statusCode ?? ''} ${failure.message ?? failure} ${failure.responseBody ?? ''}`.split(/\s+/).join(' ').trim();
      const well = words !== undefined && text.includes(words);
      line = { call: name, came: well ? 'refused' : 'wrong', what: text.slice(0, 300) };
      if (!well) console.error(name, failure);
    }
    console.log(JSON.stringify(line));
  }
}
