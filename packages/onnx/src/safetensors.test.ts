import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesSource, openSafetensors } from './index'

function file(header: unknown, data = new Uint8Array(16)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}
const open = (bytes: Uint8Array) => openSafetensors(bytesSource('w.safetensors', bytes))
const tensor = (begin: number, end: number, dtype = 'F32', shape = [2]) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})

describe('openSafetensors', () => {
  it('tells where each tensor lies', async () => {
    const bytes = file({ __metadata__: { format: 'pt' }, b: tensor(8, 16), a: tensor(0, 8) })
    const { tensors, metadata } = await open(bytes)
    const start = bytes.length - 16
    expect(metadata).toEqual({ format: 'pt' })
    expect(tensors.get('a')).toEqual({ name: 'a', type: 'F32', shape: [2], offset: start, length: 8 })
    expect(tensors.get('b')?.offset).toBe(start + 8)
  })

  it('takes names with quotes, braces and colons in them', async () => {
    const names = ['"{":', '\\\\"', '}],:', '__proto__']
    const header = JSON.parse(
      `{${names.map((name, i) => `${JSON.stringify(name)}:${JSON.stringify(tensor(i * 4, i * 4 + 4, 'F32', [1]))}`)}}`,
    )
    expect([...(await open(file(header))).tensors.keys()]).toEqual(names)
  })

  const wrong: readonly [what: string, bytes: Uint8Array, message: RegExp][] = [
    ['an empty file', new Uint8Array(), /0 bytes/],
    ['a header that is cut off', file({ a: tensor(0, 8) }).subarray(0, 30), /header takes/],
    ['a header that is no JSON', file('{"a":'), /no JSON/],
    ['a header that is a list', file([]), /no JSON object/],
    ['a type it does not know', file({ a: tensor(0, 8, 'F4') }), /"a" is "F4"/],
    ['values that do not fill the shape', file({ a: tensor(0, 8, 'F32', [3]) }), /"a" has 8 bytes.*12/],
    ['a negative size', file({ a: tensor(0, 8, 'F32', [-2]) }), /shape of "a"/],
    ['values beyond the end', file({ a: tensor(12, 20) }), /"a" ends at/],
    [
      'a tensor that is named twice',
      file(`{"a":${JSON.stringify(tensor(0, 8))},"a":${JSON.stringify(tensor(8, 16))}}`),
      /twice/,
    ],
    [
      'a shape of nested lists',
      file(`{"a":{"dtype":"F32","shape":${'['.repeat(5e4)}${']'.repeat(5e4)},"data_offsets":[0,8]}}`),
      /nested/,
    ],
    ['values that overlap', file({ a: tensor(0, 8), b: tensor(4, 12) }), /"a" and "b" overlap/],
  ]
  it.each(wrong)('refuses %s', async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(message),
    })
  })

  it('reads any bytes, or refuses them as what they are', async () => {
    const whole = file({ a: tensor(0, 8), b: tensor(8, 16) })
    const damaged = fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length)).map(([at, value, length]) => {
      const bytes = whole.slice(0, length)
      if (at < length) bytes[at] = value
      return bytes
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), async (bytes) => {
        await open(bytes).then(
          ({ tensors }) => {
            for (const { offset, length } of tensors.values()) expect(offset + length).toBeLessThanOrEqual(bytes.length)
          },
          (error) => expect(error).toMatchObject({ code: 'model-invalid' }),
        )
      }),
    )
  })
})
