import type { Random } from '@perstream/kit'

const confusions: Record<string, string> = {
  i: 'l',
  l: '1',
  I: 'l',
  o: '0',
  O: '0',
  '0': 'O',
  '1': 'l',
  S: '5',
  '5': 'S',
  B: '8',
  y: 'v',
  v: 'y',
  e: 'c',
  c: 'e',
  h: 'b',
  u: 'v',
  n: 'h',
  t: 'f',
  a: 'o',
  g: 'q',
  r: 'n',
  m: 'rn',
  w: 'vv',
  E: 'F',
  D: 'O',
  Z: '2',
}

/** How often each kind of misreading happens, per character. */
const rates = { confuse: 0.03, drop: 0.006, glue: 0.08, gap: 0.15 }

/** Misreads a text as an OCR engine would: look-alike letters, lost letters, lost and added spaces. Values of passwords are not spared. */
export function corrupt(text: string, random: Random): string {
  let noisy = ''
  for (const character of text) {
    if (character === ' ' && random.next() < rates.glue) continue
    if (character === ':' && random.next() < rates.gap) noisy += ' '
    if (/[a-z]/i.test(character) && random.next() < rates.drop) continue
    const confusion = confusions[character]
    noisy += confusion && random.next() < rates.confuse ? confusion : character
  }
  return noisy
}
