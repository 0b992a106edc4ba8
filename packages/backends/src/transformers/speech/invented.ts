import type { Transcribed } from './transcribed'

/** Above this, nobody may be speaking ... */
const doubtful = 0.6
/** ... and words must be likelier than this, and ever likelier, the surer it is that nobody speaks. */
const leastLikely = -1
const leastLikelyInSilence = -0.2
/** Text that packs better than this goes round in circles. (whisper: `compression_ratio_threshold`) */
const mostRepetitive = 2.4

/**
 * Whether what was written is likely nothing that was said: Whisper invents words in silence and noise. Neither of its two
 * signs is enough by itself: the chance that nobody speaks is high in some speech, and invented words are sometimes sure.
 */
export async function isInvented({ noSpeechProbability, meanLogProbability, parts }: Transcribed): Promise<boolean> {
  if (meanLogProbability < leastLikely - 1) return true
  if (noSpeechProbability !== undefined && noSpeechProbability > doubtful) {
    const silence = (noSpeechProbability - doubtful) / (1 - doubtful)
    if (meanLogProbability < leastLikely + silence * (leastLikelyInSilence - leastLikely)) return true
  }
  return (await repetition(parts.map(({ text }) => text).join(' '))) > mostRepetitive
}

/** Whether words name a sound, in brackets or as notes, instead of telling what was said. */
export function isSpoken(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text.replace(/\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪?/gu, ''))
}

/** How many times smaller the text gets when it is packed. */
async function repetition(text: string): Promise<number> {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length === 0) return 0
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'))
  return bytes.length / (await new Response(packed).arrayBuffer()).byteLength
}
