const opening = '<think>'
const closing = '</think>'

/** Leaves out what a model thinks aloud before it replies: from `<think>` at the very beginning to `</think>`. */
export async function* withoutThinking(pieces: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let held = ''
  let state: 'beginning' | 'thinking' | 'pausing' | 'replying' = 'beginning'
  for await (const piece of pieces) {
    held += piece
    if (state === 'beginning') {
      const begun = held.trimStart()
      if (begun.startsWith(opening)) state = 'thinking'
      else if (!opening.startsWith(begun)) state = 'replying'
    }
    if (state === 'thinking' && held.includes(closing)) {
      held = held.slice(held.indexOf(closing) + closing.length)
      state = 'pausing'
    }
    if (state === 'pausing') {
      held = held.trimStart()
      if (held !== '') state = 'replying'
    }
    if (state === 'replying' && held !== '') {
      yield held
      held = ''
    }
  }
  if (state === 'beginning' && held !== '') yield held
}
