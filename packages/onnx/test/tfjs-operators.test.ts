import { createRandom } from '@perstream/kit'
import { describe, expect, it } from 'vitest'
import { dtype, ints, type Numbers, type OneOperation, runOperation, text, texts } from './tfjs'

const random = createRandom(3)
const gaussian = (...shape: number[]): Numbers => ({
  shape,
  values: Array.from({ length: size(shape) }, random.gaussian),
})
const whole = (shape: number[], values: number[]) => ({ shape, values, type: 'int32' as const })
const scalar = (value: number) => whole([], [value])
const list = (...values: number[]) => whole([values.length], values)
const floatList = (...values: number[]): Numbers => ({ shape: [values.length], values })

async function result(operation: OneOperation): Promise<Numbers> {
  const { shape, values } = (await runOperation(operation)).result!
  return { shape, values }
}

function expectClose(actual: Numbers, expected: Numbers): void {
  expect(actual.shape).toEqual(expected.shape)
  for (const [i, value] of expected.values.entries()) expect(actual.values[i]).toBeCloseTo(value, 4)
}

describe('element by element', () => {
  const a = floatList(-2, -0.5, 0.5, 7)
  const b = floatList(1, -2, 0.5, 3)
  it.each<[string, (x: number) => number]>([
    ['Relu', (x) => Math.max(x, 0)],
    ['Relu6', (x) => Math.min(Math.max(x, 0), 6)],
    ['Sigmoid', (x) => 1 / (1 + Math.exp(-x))],
    ['Tanh', Math.tanh],
    ['Sin', Math.sin],
    ['Cos', Math.cos],
    ['Exp', Math.exp],
    ['Neg', (x) => -x],
    ['Square', (x) => x * x],
    ['Identity', (x) => x],
  ])('%s', async (op, f) => expectClose(await result({ op, inputs: [a] }), { shape: [4], values: a.values.map(f) }))

  it.each<[string, (x: number) => number]>([
    ['Sqrt', Math.sqrt],
    ['Rsqrt', (x) => 1 / Math.sqrt(x)],
  ])('%s', async (op, f) =>
    expectClose(await result({ op, inputs: [floatList(0.25, 4)] }), { shape: [2], values: [0.25, 4].map(f) }),
  )

  it.each<[string, (x: number, y: number) => number]>([
    ['Add', (x, y) => x + y],
    ['AddV2', (x, y) => x + y],
    ['Sub', (x, y) => x - y],
    ['Mul', (x, y) => x * y],
    ['RealDiv', (x, y) => x / y],
    ['Maximum', Math.max],
    ['Minimum', Math.min],
    ['Less', (x, y) => Number(x < y)],
    ['Greater', (x, y) => Number(x > y)],
    ['Equal', (x, y) => Number(x === y)],
    ['FloorDiv', (x, y) => Math.floor(x / y)],
    ['FloorMod', (x, y) => x - y * Math.floor(x / y)],
  ])('%s', async (op, f) => {
    const values = a.values.map((x, i) => f(x, b.values[i]!))
    expectClose(await result({ op, attr: { T: dtype('float32') }, inputs: [a, b] }), { shape: [4], values })
  })

  it('divides whole numbers downwards, as TensorFlow does', async () => {
    const inputs = [list(7, -7, 7, -7, 6), list(2, 2, -2, -2, 3)]
    const attr = { T: dtype('int32') }
    expect((await result({ op: 'FloorDiv', attr, inputs })).values).toEqual([3, -4, -4, 3, 2])
    expect((await result({ op: 'FloorMod', attr, inputs })).values).toEqual([1, 1, -1, -1, 0])
  })

  it('adds a bias, negates, casts', async () => {
    const biased = await result({
      op: 'BiasAdd',
      attr: { data_format: text('NHWC') },
      inputs: [gaussian(2, 3), floatList(1, 2, 3)],
    })
    expect(biased.shape).toEqual([2, 3])
    const flags = { shape: [3], values: [1, 0, 1], type: 'bool' as const }
    expect((await result({ op: 'LogicalNot', inputs: [flags] })).values).toEqual([0, 1, 0])
    const cast = await runOperation({ op: 'Cast', attr: { DstT: dtype('int32') }, inputs: [floatList(1.9, -1.9)] })
    expect(cast.result).toEqual({ type: 'int64', shape: [2], values: [1, -1] })
  })
})

describe('reductions', () => {
  const value: Numbers = { shape: [2, 3], values: [1, 2, 3, 4, 5, 9] }
  it.each([
    ['Sum', [6, 18]],
    ['Mean', [2, 6]],
    ['Prod', [6, 180]],
    ['Max', [3, 9]],
    ['Min', [1, 4]],
  ] as const)('%s over an axis, kept or not, over all, over none', async (op, rows) => {
    expectClose(await result({ op, inputs: [value, scalar(-1)] }), { shape: [2], values: rows })
    expectClose(await result({ op, attr: { keep_dims: { b: true } }, inputs: [value, list(1)] }), {
      shape: [2, 1],
      values: rows,
    })
    expect((await result({ op, inputs: [value, list(0, 1)] })).shape).toEqual([])
    expectClose(await result({ op, inputs: [value, list()] }), value)
  })

  it('finds the largest, first ones first', async () => {
    const found = await runOperation({
      op: 'TopKV2',
      inputs: [{ shape: [2, 4], values: [1, 5, 5, 2, 9, 7, 8, 9] }, scalar(3)],
      outputs: ['result', 'result:1'],
    })
    expect(found.result).toMatchObject({ shape: [2, 3], values: [5, 5, 2, 9, 9, 8] })
    expect(found['result:1']).toEqual({ type: 'int64', shape: [2, 3], values: [1, 2, 3, 0, 3, 2] })
  })

  it('takes the softmax of the last axis', async () => {
    const { values } = await result({ op: 'Softmax', inputs: [{ shape: [2, 2], values: [0, Math.log(3), 1, 1] }] })
    expectClose({ shape: [4], values }, { shape: [4], values: [0.25, 0.75, 0.5, 0.5] })
  })
})

describe('matrices', () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('multiplies, transposed: %s, %s', async (left, right) => {
    const a = gaussian(2, 3)
    const b = gaussian(3, 4)
    const expected = multiply(a.values, b.values, 2, 3, 4)
    const given = [left ? flip(a) : a, right ? flip(b) : b]
    const single = { transpose_a: { b: left }, transpose_b: { b: right } }
    expectClose(await result({ op: 'MatMul', attr: single, inputs: given }), { shape: [2, 4], values: expected })
    const batch = given.map(({ shape, values }) => ({ shape: [2, 1, ...shape], values: [...values, ...values] }))
    const attr = { adj_x: { b: left }, adj_y: { b: right } }
    const product = await result({ op: 'BatchMatMul', attr, inputs: batch, computed: [0, 1] })
    expectClose(product, { shape: [2, 1, 2, 4], values: [...expected, ...expected] })
  })

  it('transposes, reshapes, adds and drops axes, joins and packs', async () => {
    const value: Numbers = { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }
    expect(await result({ op: 'Transpose', inputs: [value, list(1, 0)] })).toEqual(flip(value))
    expect((await result({ op: 'Reshape', inputs: [value, list(3, -1)] })).shape).toEqual([3, 2])
    expect((await result({ op: 'ExpandDims', inputs: [value, scalar(-1)] })).shape).toEqual([2, 3, 1])
    const thin = { ...value, shape: [1, 2, 3, 1] }
    expect((await result({ op: 'Squeeze', inputs: [thin] })).shape).toEqual([2, 3])
    expect((await result({ op: 'Squeeze', attr: { squeeze_dims: ints(0) }, inputs: [thin] })).shape).toEqual([2, 3, 1])
    const joined = await result({ op: 'ConcatV2', inputs: [value, value, scalar(1)] })
    expect(joined).toEqual({ shape: [2, 6], values: [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6] })
    const packed = await result({
      op: 'Pack',
      attr: { axis: { i: '1' }, T: dtype('int32') },
      inputs: [list(1, 2), list(3, 4)],
    })
    expect(packed).toEqual({ shape: [2, 2], values: [1, 3, 2, 4] })
    expect(await result({ op: 'Shape', inputs: [value] })).toEqual({ shape: [2], values: [2, 3] })
  })
})

describe('picking values', () => {
  const value: Numbers = { shape: [3, 4], values: Array.from({ length: 12 }, (_, i) => i) }

  it('slices with strides, masks, computed ends and dropped axes', async () => {
    const slice = (
      begin: number[],
      end: number[],
      strides: number[],
      masks: Record<string, number> = {},
      computed = [0],
    ) =>
      result({
        op: 'StridedSlice',
        attr: Object.fromEntries(Object.entries(masks).map(([key, mask]) => [key, { i: String(mask) }])),
        inputs: [value, list(...begin), list(...end), list(...strides)],
        computed,
      })
    expect(await slice([1, 1], [3, 4], [1, 2])).toEqual({ shape: [2, 2], values: [5, 7, 9, 11] })
    expect((await slice([-1], [-3], [-1])).values).toEqual([8, 9, 10, 11, 4, 5, 6, 7])
    expect((await slice([2, 3], [0, 0], [-1, -1], { begin_mask: 3, end_mask: 3 })).values).toEqual(
      [...value.values].reverse(),
    )
    const masks = { begin_mask: 1, end_mask: 1, shrink_axis_mask: 2 }
    expect(await slice([0, 1], [0, 2], [1, 1], masks)).toEqual({ shape: [3], values: [1, 5, 9] })
    expect((await slice([-1], [0], [1], { shrink_axis_mask: 1 })).values).toEqual([8, 9, 10, 11])
    expect((await slice([0, 1], [2, 3], [1, 1], {}, [0, 1, 2])).values).toEqual([1, 2, 5, 6])
    expect((await slice([1, 1], [2, 3], [1, 1], { begin_mask: 1, end_mask: 2 }, [0, 1, 2])).values).toEqual([
      1, 2, 3, 5, 6, 7,
    ])
  })

  it('slices by begin and size, constant or computed', async () => {
    const expected = { shape: [2, 2], values: [6, 7, 10, 11] }
    for (const computed of [[0], [0, 1, 2]]) {
      expect(await result({ op: 'Slice', inputs: [value, list(1, 2), list(-1, 2)], computed })).toEqual(expected)
    }
  })

  it('splits', async () => {
    const parts = await runOperation({
      op: 'SplitV',
      inputs: [value, list(1, 3), scalar(1)],
      outputs: ['result', 'result:1'],
    })
    expect(parts.result).toMatchObject({ shape: [3, 1], values: [0, 4, 8] })
    expect(parts['result:1']).toMatchObject({ shape: [3, 3] })
  })

  it('gathers and scatters', async () => {
    expect(await result({ op: 'GatherV2', inputs: [value, list(2, 0), scalar(1)] })).toEqual({
      shape: [3, 2],
      values: [2, 0, 6, 4, 10, 8],
    })
    const places = whole([2, 2], [0, 1, 2, 3])
    expect((await result({ op: 'GatherNd', inputs: [value, places] })).values).toEqual([1, 11])
    const updates = floatList(5, 6)
    const attr = { T: dtype('float32') }
    expect((await result({ op: 'ScatterNd', attr, inputs: [places, updates, list(3, 4)] })).values).toEqual([
      0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6,
    ])
    const dense = await result({
      op: 'SparseToDense',
      attr: { T: dtype('int32') },
      inputs: [places, list(3, 4), list(5, 6), scalar(-1)],
    })
    expect(dense.values).toEqual([-1, 5, -1, -1, -1, -1, -1, -1, -1, -1, -1, 6])
    const flags = { shape: [2, 2], values: [0, 1, 1, 0], type: 'bool' as const }
    expect(await result({ op: 'Where', inputs: [flags] })).toEqual({ shape: [2, 2], values: [0, 1, 1, 0] })
    expect((await result({ op: 'Range', inputs: [scalar(2), scalar(8), scalar(3)] })).values).toEqual([2, 5])
  })
})

describe('images', () => {
  it.each([
    ['SAME', 1, 1],
    ['SAME', 2, 1],
    ['VALID', 2, 1],
    ['SAME', 1, 2],
  ] as const)('convolves with padding %s, stride %i, dilation %i', async (padding, stride, dilation) => {
    const value = gaussian(1, 5, 6, 3)
    const window = {
      padding: text(padding),
      strides: ints(1, stride, stride, 1),
      dilations: ints(1, dilation, dilation, 1),
    }
    const kernel = gaussian(3, 3, 3, 4)
    const expected = naiveConvolution(value, kernel, { padding, stride, dilation, depthwise: false })
    expectClose(await result({ op: 'Conv2D', attr: window, inputs: [value, kernel] }), expected)
    const deep = gaussian(3, 3, 3, 2)
    const wise = naiveConvolution(value, deep, { padding, stride, dilation, depthwise: true })
    expectClose(await result({ op: 'DepthwiseConv2dNative', attr: window, inputs: [value, deep] }), wise)
  })

  it('fuses bias and activation into convolutions', async () => {
    const value = gaussian(1, 4, 4, 2)
    const kernel = gaussian(1, 1, 2, 3)
    const bias = floatList(0.1, -0.2, 3)
    const plain = naiveConvolution(value, kernel, { padding: 'VALID', stride: 1, dilation: 1, depthwise: false })
    const biased = plain.values.map((each, i) => each + bias.values[i % 3]!)
    const attr = (...fused: string[]) => ({
      padding: text('VALID'),
      strides: ints(1, 1, 1, 1),
      fused_ops: texts(...fused),
    })
    const run = (...fused: string[]) =>
      result({ op: '_FusedConv2D', attr: attr(...fused), inputs: [value, kernel, bias] })
    expectClose(await run('BiasAdd'), { shape: plain.shape, values: biased })
    expectClose(await run('BiasAdd', 'Relu'), { shape: plain.shape, values: biased.map((x) => Math.max(x, 0)) })
    expectClose(await run('BiasAdd', 'Relu6'), {
      shape: plain.shape,
      values: biased.map((x) => Math.min(Math.max(x, 0), 6)),
    })
    await expect(run('BiasAdd', 'Prelu')).rejects.toThrow(/"result" \(_FusedConv2D\).*fused with Prelu/)
    const pointwise = { padding: text('SAME'), strides: ints(1, 1, 1, 1) }
    expectClose(await result({ op: 'Conv2D', attr: pointwise, inputs: [value, kernel] }), plain)
  })

  it('pools', async () => {
    const value: Numbers = { shape: [1, 2, 3, 1], values: [1, 5, 2, 4, 3, 6] }
    const attr = { padding: text('SAME'), ksize: ints(1, 2, 2, 1), strides: ints(1, 1, 1, 1) }
    expect(await result({ op: 'MaxPool', attr, inputs: [value] })).toEqual({
      shape: [1, 2, 3, 1],
      values: [5, 6, 6, 4, 6, 6],
    })
  })

  it('enlarges, corner to corner or by the upper left corner of each pixel', async () => {
    const value: Numbers = { shape: [1, 1, 2, 1], values: [0, 3] }
    const resize = async (attr: OneOperation['attr']) =>
      (await result({ op: 'ResizeBilinear', attr: attr ?? {}, inputs: [value, list(1, 4)] })).values
    expectClose({ shape: [], values: await resize({}) }, { shape: [], values: [0, 1.5, 3, 3] })
    expectClose(
      { shape: [], values: await resize({ align_corners: { b: true } }) },
      { shape: [], values: [0, 1, 2, 3] },
    )
    const half = await resize({ half_pixel_centers: { b: true } })
    expectClose({ shape: [], values: half }, { shape: [], values: [0, 0.75, 2.25, 3] })
  })
})

interface Window {
  readonly padding: 'SAME' | 'VALID'
  readonly stride: number
  readonly dilation: number
  readonly depthwise: boolean
}

/** Convolution by its definition: channels last, TensorFlow's padding (the odd pixel goes after). */
function naiveConvolution(value: Numbers, kernel: Numbers, { padding, stride, dilation, depthwise }: Window): Numbers {
  const [, height, width, channels] = value.shape as [number, number, number, number]
  const [rows, columns, , last] = kernel.shape as [number, number, number, number]
  const outChannels = depthwise ? channels * last : last
  const along = (length: number, taps: number) => {
    const reach = (taps - 1) * dilation + 1
    const out = padding === 'SAME' ? Math.ceil(length / stride) : Math.ceil((length - reach + 1) / stride)
    const before = padding === 'SAME' ? Math.max((out - 1) * stride + reach - length, 0) >> 1 : 0
    return { out, before }
  }
  const [vertical, horizontal] = [along(height, rows), along(width, columns)]
  const values: number[] = []
  for (let y = 0; y < vertical.out; y++) {
    for (let x = 0; x < horizontal.out; x++) {
      for (let o = 0; o < outChannels; o++) {
        let sum = 0
        for (let r = 0; r < rows; r++) {
          for (let c = 0; c < columns; c++) {
            const [py, px] = [
              y * stride + r * dilation - vertical.before,
              x * stride + c * dilation - horizontal.before,
            ]
            if (py < 0 || px < 0 || py >= height || px >= width) continue
            for (let i = 0; i < channels; i++) {
              if (depthwise && i !== Math.floor(o / last)) continue
              const weight = ((r * columns + c) * channels + i) * last + (depthwise ? o % last : o)
              sum += value.values[(py * width + px) * channels + i]! * kernel.values[weight]!
            }
          }
        }
        values.push(sum)
      }
    }
  }
  return { shape: [1, vertical.out, horizontal.out, outChannels], values }
}

function multiply(a: readonly number[], b: readonly number[], n: number, k: number, m: number): number[] {
  return Array.from({ length: n * m }, (_, at) => {
    const [row, column] = [Math.floor(at / m), at % m]
    return Array.from({ length: k }, (_, i) => a[row * k + i]! * b[i * m + column]!).reduce((x, y) => x + y)
  })
}

function flip({ shape: [rows, columns], values }: Numbers): Numbers {
  const flipped = Array.from(
    { length: values.length },
    (_, i) => values[(i % rows!) * columns! + Math.floor(i / rows!)]!,
  )
  return { shape: [columns!, rows!], values: flipped }
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, each) => product * each, 1)
}
