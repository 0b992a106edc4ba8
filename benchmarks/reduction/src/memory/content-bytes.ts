import type { Memory } from '@perstream/spec'

export function contentBytes({ text, evidence, triplets }: Memory): number {
  const bytes = (words: string) => Buffer.byteLength(words)
  return (
    bytes(text) +
    evidence.reduce((sum, { frames }) => sum + 16 + 4 * frames.length, 0) +
    triplets.reduce((sum, { subject, object }) => sum + 8 + bytes(subject) + bytes(object), 0)
  )
}
