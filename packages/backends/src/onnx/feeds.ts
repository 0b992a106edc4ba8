import { arrayOfType } from '@perstream/kit'
import { PerStreamError, type Tensor, type TensorHandle, type TensorSpec } from '@perstream/spec'

/**
 * Makes the check of the names, element types and shapes of what a model is fed. It runs for every token of a decoder, so
 * it looks names up and makes nothing.
 */
export function createFeedCheck(inputs: readonly TensorSpec[]) {
  const specs = new Map(inputs.map((input) => [input.name, input]))
  const names = [...specs.keys()]
  /** @throws PerStreamError `input-invalid` that names the input, the value given and what the model wants */
  return (feeds: Readonly<Record<string, Tensor | TensorHandle>>): void => {
    let given = 0
    for (const name in feeds) {
      const input = specs.get(name)
      if (!input) throw invalid(name, `the model has no such input: its inputs are ${names.join(', ')}`)
      const tensor = feeds[name]
      if (!tensor) continue
      given++
      checkTensor(input, tensor)
    }
    if (given === specs.size) return
    const input = inputs.find(({ name }) => !feeds[name])!
    throw invalid(input.name, `it is missing: give a ${input.type} tensor of shape ${show(input.shape)}`)
  }
}

/** Checks the outputs that were asked for. @throws PerStreamError `input-invalid` for a name that the model does not have */
export function checkOutputs(known: readonly string[], asked: readonly string[]): void {
  const missing = asked.find((name) => !known.includes(name))
  if (missing === undefined) return
  throw new PerStreamError(
    'input-invalid',
    `The model has no output "${missing}": its outputs are ${known.join(', ')}`,
    {
      fields: { output: missing, outputs: known },
    },
  )
}

function checkTensor(input: TensorSpec, tensor: Tensor | TensorHandle): void {
  const { type, shape } = tensor
  if (type !== input.type) throw invalid(input.name, `its type is ${type}, the model wants ${input.type}`)
  let count = 1
  let fits = shape.length === input.shape.length
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis]!
    if (!Number.isInteger(size) || size < 0) {
      throw invalid(input.name, `its shape is ${show(shape)}: sizes are whole numbers, 0 or more`)
    }
    count *= size
    const wanted = input.shape[axis]
    if (typeof wanted === 'number' && wanted !== -1 && wanted !== size) fits = false
  }
  if (!fits) throw invalid(input.name, `its shape is ${show(shape)}, the model wants ${show(input.shape)}`)
  if ('data' in tensor) checkData(input.name, tensor, count)
}

function checkData(name: string, { type, shape, data }: Tensor, count: number): void {
  if (!(data instanceof arrayOfType[type])) {
    const given = (data as object | undefined)?.constructor?.name
    throw invalid(name, `its data is a ${given}, ${type} lies in a ${arrayOfType[type].name}`)
  }
  if (data.length !== count) {
    throw invalid(name, `its data has ${data.length} elements, its shape ${show(shape)} needs ${count}`)
  }
}

function show(shape: readonly (number | string)[]): string {
  return `[${shape.map((size) => (size === -1 ? '?' : size)).join(', ')}]`
}

function invalid(name: string, problem: string): PerStreamError {
  return new PerStreamError('input-invalid', `Input "${name}": ${problem}`, { fields: { input: name } })
}
