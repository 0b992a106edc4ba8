const arrays = {
  ...{ Float32Array, Float64Array, Int8Array, Uint8Array, Int16Array, Uint16Array },
  ...{ Int32Array, Uint32Array, BigInt64Array, BigUint64Array },
}

/** Writes a value that may hold typed arrays as text. */
export function encodeValue(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (!ArrayBuffer.isView(each)) return each
    const bytes = new Uint8Array(each.buffer, each.byteOffset, each.byteLength)
    let text = ''
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
    return { array: Object.prototype.toString.call(each).slice(8, -1), bytes: btoa(text) }
  })
}

/** Reads what {@link encodeValue} wrote. */
export function decodeValue(text: string): unknown {
  return JSON.parse(text, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null || !('array' in each)) return each
    const { array, bytes } = each as { array: keyof typeof arrays; bytes: string }
    const raw = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0))
    return new arrays[array](raw.buffer)
  })
}
