/** Writes a second in the source as a clock: 0:07, 12:30, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const minutes = Math.floor(whole / 60)
  const tail = String(whole % 60).padStart(2, '0')
  if (minutes < 60) return `${minutes}:${tail}`
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${tail}`
}

/** Writes a range as one clock where both ends read the same, else as two. */
export function clockRange(start: number, end: number): string {
  const [from, to] = [clock(start), clock(end)]
  return from === to ? from : `${from}–${to}`
}

/** Writes how long something took: 8.4 s, 1 min 22 s, 2 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${trim(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return join(`${Math.floor(whole / 60)} min`, whole % 60, 's')
  const minutes = Math.round(whole / 60)
  return join(`${Math.floor(minutes / 60)} h`, minutes % 60, 'min')
}

/** Writes a count with its noun: 1 memory, 1,200 memories. */
export function count(amount: number, singular: string, plural = `${singular}s`): string {
  return `${amount.toLocaleString('en-GB')} ${amount === 1 ? singular : plural}`
}

/** Writes a share of 0..1 as a percentage; a trace is not shown as nothing. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %'
  return `${Math.round(share * 100)} %`
}

/** Writes a score with as many digits as tell it apart from its threshold. */
export function score(value: number): string {
  return Number.isFinite(value) ? trim(value.toFixed(3)) : 'none'
}

/** Makes a stable key readable: 'door_sign' becomes 'door sign'. */
export function words(key: string): string {
  return key.replaceAll(/[_-]+/g, ' ').trim()
}

/** Sets the first letter in upper case. */
export function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase('en-GB') + text.slice(1)
}

function join(first: string, rest: number, unit: string): string {
  return rest === 0 ? first : `${first} ${rest} ${unit}`
}

function trim(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
}
