import type { Evidence } from '@perstream/spec'

/** Seconds as m:ss, or h:mm:ss from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** A time range in a source: "0:12 to 0:15"; empty for evidence without a length and a frame, which names its source alone. */
export function range({ startSeconds, endSeconds, frames }: Evidence): string {
  if (startSeconds === endSeconds && frames.length === 0) return ''
  const [start, end] = [clock(startSeconds), clock(endSeconds)]
  return start === end ? start : `${start} to ${end}`
}

/** Words on one line: line breaks of a sign become " / ", control characters go. */
export function oneLine(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' / ')
    .replace(/\p{Cc}/gu, ' ')
    .trim()
}

/** Breaks words into lines of at most `columns`; lines after the first begin with `indent` blanks. Longer words stay whole. */
export function wrap(text: string, { columns, indent }: { columns: number; indent: number }): string {
  const lines: string[] = []
  const [first = '', ...words] = text.split(' ')
  let line = first
  for (const word of words) {
    const longer = `${line} ${word}`
    const room = columns - (lines.length === 0 ? 0 : indent)
    if (longer.length > room && line.trim() !== '') {
      lines.push(line.trimEnd())
      line = word
    } else line = longer
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

/** A source as a person knows it: without the hash that tells files of one name apart. */
export function sourceName(source: string): string {
  return source.replace(/#[0-9a-f]{12}$/, '')
}

/** As much of an id as is shown; `forget` takes it. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

/** A count with its noun: "1 memory", "3 memories". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** A size as it is given to options: units are powers of 1000. */
export function bytes(size: number): string {
  const unit = sizeUnits.find(({ of }) => size >= of * 0.99995)
  return unit ? `${(size / unit.of).toFixed(1)} ${unit.name}` : `${size} B`
}

const sizeUnits = [
  { name: 'GB', of: 1e9 },
  { name: 'MB', of: 1e6 },
  { name: 'KB', of: 1e3 },
]

/** A number with its thousands apart: "12,345". */
export function number(value: number): string {
  return value.toLocaleString('en-US')
}
