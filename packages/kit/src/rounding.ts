/** Rounds to the nearest whole number, halves to the even one, as Python and IEEE 754 do. (vector Q1) */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
