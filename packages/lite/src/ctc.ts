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
export interface Alphabet {
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
 * Decodes class probabilities [1, steps, classes] greedily: the best allowed class of each step, repeats joined, blanks
 * (class 0) dropped (Graves et al. 2006, "Connectionist temporal classification"). A character's confidence is its
 * highest probability among the steps it spans; classes outside the alphabet keep their share of it.
 */
export function decodeCtc({ data, shape }: Tensor, alphabet: Alphabet): ReadCharacter[] {
  const [, steps = 0, classes = 0] = shape
  const read: ReadCharacter[] = []
  let previous = -1
  for (let step = 0; step < steps; step++) {
    const row = step * classes
    let best = -1
    let confidence = Number(data[row])
    for (let i = 0; i < alphabet.classes.length; i++) {
      const probability = Number(data[row + alphabet.classes[i]!])
      if (probability > confidence) {
        confidence = probability
        best = i
      }
    }
    if (best >= 0) {
      const last = read.at(-1)
      if (best !== previous) read.push({ character: alphabet.characters[best]!, confidence, step })
      else if (last && confidence > last.confidence) read[read.length - 1] = { ...last, confidence, step }
    }
    previous = best
  }
  return read
}
