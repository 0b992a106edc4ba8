import type { ElementType } from '@perstream/spec'

/** ONNX: inputs `a` [n, 2] and `b` [1, 2], outputs `sum` = a + b and `twice` = 2 (a + b), all float32. */
export const addModel = decode(
  'CAkSCXBlcnN0cmVhbTreAQoZCgFhCgFiEgVBZGRfMhoFQWRkXzIiA0FkZAobCgVBZGRfMhIDc3VtGgNzdW0iCElkZW50aXR5CiEKBUFkZF8y' +
    'CgVBZGRfMhIFQWRkXzQaBUFkZF80IgNBZGQKHwoFQWRkXzQSBXR3aWNlGgV0d2ljZSIISWRlbnRpdHkSA2FkZFoUCgFhEg8KDQgBEgkKAxIB' +
    'bgoCCAJaEwoBYhIOCgwIARIICgIIAQoCCAJiFgoDc3VtEg8KDQgBEgkKAxIBbgoCCAJiGAoFdHdpY2USDwoNCAESCQoDEgFuCgIIAkIECgAQ' +
    'DQ==',
)

const typeNumbers: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
}

/** ONNX: input `x` [n], output `y` = x, of any element type. */
export function copyModel(type: ElementType): Uint8Array {
  const model = decode(
    'CAkSCXBlcnN0cmVhbTo/ChMKAXgSAXkaAXkiCElkZW50aXR5EgRjb3B5WhAKAXgSCwoJCAESBQoDEgFuYhAKAXkSCwoJCAESBQoDEgFuQgQKABAN',
  )
  // Where the element types of x and y lie in the file.
  model[52] = typeNumbers[type]
  model[70] = typeNumbers[type]
  return model
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
