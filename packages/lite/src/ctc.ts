import type { Tensor } from '@perstream/spec'

/** One character that a recogniser read. */
export interface ReadCharacter {
  readonly character: string
  /** 0..1 */
  readonly confidence: number
  /** The time step of its peak, counted from 0: its place along the line. */
  readonly step: number
}

/** The classes of a recogniser that may be read: `characters[i]` is what class `classes[i]` stands for. */
interface Alphabet {
  readonly classes: readonly number[]
  readonly characters: readonly string[]
}

/** Builds the alphabet of Latin letters, digits, punctuation and the blank space from a list of a model's characters. */
export function latinAlphabet(keys: readonly string[]): Alphabet {
  const classes: number[] = []
  const characters: string[] = []
  for (const [i, key] of [...keys, ' '].entries()) {
    if (!latin.test(key)) continue
    classes.push(i + 1) // class 0 is CTC's blank
    characters.push(plain[key] ?? key)
  }
  return { classes, characters }
}

const latin = /^[ -~£€°éèäöüßíóáñçôêâàùûîëïÉÜÖÄ§×‘’“”•–—]$/u
const plain: Readonly<Record<string, string>> = { '‘': "'", '’': "'", '“': '"', '”': '"', '–': '-', '—': '-' }

/**
 * A blank that lost to CTC's own blank is taken when its probability is this high in a gap that is as wide as the line's
 * usual step from character to character, or this high in a wider one.
 */
const HIDDEN_BLANK = 0.05
const HIDDEN_IN_WIDE_GAP = 0.015
/** Narrower gaps, in steps, hide none. */
const HIDDEN_GAP = 3

/**
 * Decodes class probabilities [1, steps, classes] greedily: the best allowed class of each step, repeats joined, CTC
 * blanks (class 0) dropped (Graves et al. 2006, "Connectionist temporal classification"). A character's confidence is
 * its highest probability among the steps it spans; classes outside the alphabet keep their share of it. PP-OCR glues
 * words where the blank space comes second to the CTC blank: there the space is put back.
 */
export function decodeCtc({ data, shape }: Tensor, alphabet: Alphabet): ReadCharacter[] {
  const [, steps = 0, classes = 0] = shape
  const read: ReadCharacter[] = []
  let previous = -1
  for (let step = 0; step < steps; step++) {
    const { best, confidence } = bestClass(data as Float32Array, step * classes, alphabet)
    const last = read.at(-1)
    if (best >= 0 && best !== previous) read.push({ character: alphabet.characters[best]!, confidence, step })
    else if (best >= 0 && last && confidence > last.confidence) read[read.length - 1] = { ...last, confidence, step }
    previous = best
  }
  const space = alphabet.classes[alphabet.characters.indexOf(' ')]
  if (space === undefined) return read
  return partWords(read, (step) => Number(data[step * classes + space]))
}

/** The most probable class of a step as a place in the alphabet; -1 for CTC's blank. */
function bestClass(data: Float32Array, row: number, { classes }: Alphabet): { best: number; confidence: number } {
  let best = -1
  let confidence = data[row]!
  for (let i = 0; i < classes.length; i++) {
    const probability = data[row + classes[i]!]!
    if (probability <= confidence) continue
    confidence = probability
    best = i
  }
  return { best, confidence }
}

/** Puts back the blanks that hide in wide gaps. */
function partWords(read: readonly ReadCharacter[], blankAt: (step: number) => number): ReadCharacter[] {
  const gaps = read.slice(1).map(({ step }, i) => step - read[i]!.step)
  const usual = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
  const parted: ReadCharacter[] = []
  for (const character of read) {
    const last = parted.at(-1)
    const known = !last || last.character === ' ' || character.character === ' '
    if (!known && character.step - last.step >= Math.max(HIDDEN_GAP, usual)) {
      let confidence = 0
      for (let step = last.step; step <= character.step; step++) confidence = Math.max(confidence, blankAt(step))
      const needed = character.step - last.step > usual ? HIDDEN_IN_WIDE_GAP : HIDDEN_BLANK
      if (confidence >= needed) parted.push({ character: ' ', confidence, step: last.step })
    }
    parted.push(character)
  }
  return parted
}
