import { createPpOcrReader } from '@perstream/lite'
import type { TextLine } from '@perstream/spec'
import { nodeAvDriver } from '@perstream/video/node-av'
import type { DemoScript } from '@perstream-examples/demo'

/** One frame in this many is read: about two a second, whatever they look like. */
const stride = 8

/**
 * Measures how much of a text one look gives: the mean, over every 8th frame that substantially shows a text, of the part
 * of its words that are read there. A word of four letters or more also counts when it was read with another glued to it.
 */
export async function wordRecall(clip: string, { texts }: DemoScript): Promise<number> {
  await using reader = await createPpOcrReader()
  const recalls: number[] = []
  for await (const frame of await nodeAvDriver().open(clip, { stride })) {
    const { seconds } = frame
    const shown = texts
      .filter(({ visible }) => visible.some(({ fromSecond, toSecond }) => seconds >= fromSecond && seconds <= toSecond))
      .flatMap(({ words }) => words.map(plain).filter((word) => word !== ''))
    if (shown.length > 0) recalls.push(recall(shown, await reader.read(frame)))
    frame.release()
  }
  return recalls.reduce((sum, value) => sum + value, 0) / recalls.length
}

function recall(shown: readonly string[], lines: readonly TextLine[]): number {
  const words = new Set(lines.flatMap(({ text }) => text.split(' ').map(plain)))
  const glued = lines.map(({ text }) => plain(text))
  const found = shown.filter(
    (word) => words.has(word) || (word.length >= 4 && glued.some((line) => line.includes(word))),
  )
  return found.length / shown.length
}

const plain = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
