import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { AudioChunk } from '@perstream/spec'

const root = resolve(import.meta.dirname, '../../../../..')
const shared = resolve(root, process.env.PERSTREAM_SHARED ?? '../shared')
const folder = join(shared, 'models', 'whisper-tiny.en')

/** The folder of the speech model with its clips; undefined in a clone that has none. */
export const whisperFolder = existsSync(join(folder, 'golden.json')) ? folder : undefined

interface GoldenDecoding {
  readonly token_ids: readonly number[]
  readonly text: string
  readonly mean_log_probability: number
  readonly onnxruntime: { readonly token_ids?: readonly number[]; readonly mean_log_probability?: number }
}

/** A clip and what a reference implementation hears in it. */
export interface GoldenClip {
  readonly name: string
  readonly file: string | null
  readonly seconds: number
  readonly spoken?: string
  readonly sequential?: readonly { readonly start: number; readonly end: number; readonly text: string }[]
  readonly windows: readonly {
    readonly start: number
    readonly end: number
    readonly no_speech_probability: number
    readonly no_timestamps: GoldenDecoding
    readonly with_timestamps: GoldenDecoding
  }[]
}

/** The clips; none in a clone without shared material. */
export const goldenClips: readonly GoldenClip[] = whisperFolder
  ? (JSON.parse(readFileSync(join(whisperFolder, 'golden.json'), 'utf8')) as { clips: GoldenClip[] }).clips
  : []

/** The samples of a clip, 16 kHz. */
export function samplesOf({ file, seconds }: GoldenClip): Float32Array {
  if (file === null) return new Float32Array(Math.round(seconds * 16000))
  const bytes = readFileSync(join(whisperFolder!, file))
  const header = 44
  return Float32Array.from({ length: (bytes.length - header) / 2 }, (_, i) => bytes.readInt16LE(header + 2 * i) / 32768)
}

/** Sound in chunks of uneven length, as a driver may give it. */
export async function* chunksOf(samples: Float32Array, startSeconds = 0): AsyncGenerator<AudioChunk, void, void> {
  for (let at = 0, length = 15000; at < samples.length; at += length, length = 16001)
    yield { samples: samples.slice(at, at + length), sampleRate: 16000, startSeconds: startSeconds + at / 16000 }
}

/** The share of words that are wrong, by the least edits that make one text of the other; case and punctuation aside. */
export function wordErrorRate(heard: string, said: string): number {
  const [a, b] = [wordsOf(heard), wordsOf(said)]
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  a.forEach((word, i) => {
    const next = [i + 1]
    for (const [k, other] of b.entries())
      next.push(Math.min(next[k]! + 1, row[k + 1]! + 1, row[k]! + (word === other ? 0 : 1)))
    row = next
  })
  return row.at(-1)! / b.length
}

function wordsOf(text: string): string[] {
  const numbers: Readonly<Record<string, string>> = { three: '3', four: '4', five: '5', nine: '9', ten: '10' }
  return (text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []).map((word) => numbers[word] ?? word)
}
