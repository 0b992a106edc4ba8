/** Whether numbers lie in memory as files have them: the low byte first. */
export const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** The next multiple of 8. */
export function padded(length: number): number {
  return Math.ceil(length / 8) * 8
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
