const begin = '<think>'
const end = '</think>'

/** What a model wrote after its thinking, where it writes that into its reply. */
export function withoutThinking(reply: string): string {
  const at = reply.lastIndexOf(end)
  return at < 0 ? reply : reply.slice(at + end.length)
}

/** Whether a model said anything: a blank text and thinking that never ends say nothing. */
export function saysAnything(reply: string): boolean {
  const said = withoutThinking(reply).trim()
  return said !== '' && !said.startsWith(begin)
}

/** A reply in pieces without the thinking that it begins with, and without white space before its first word. */
export async function* afterThinking(pieces: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let held = ''
  let begun = false
  for await (const piece of pieces) {
    if (begun) {
      yield piece
      continue
    }
    held = (held + piece).trimStart()
    const thinks = held.startsWith(begin.slice(0, held.length))
    if (thinks && !held.includes(end)) continue
    const text = (thinks ? held.slice(held.indexOf(end) + end.length) : held).trimStart()
    held = ''
    begun = text !== ''
    if (begun) yield text
  }
  if (!begun && !held.startsWith(begin) && held !== '') yield held
}
