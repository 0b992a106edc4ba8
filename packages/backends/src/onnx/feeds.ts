import { PerStreamError, type Tensor, type TensorSpec } from '@perstream/spec'
import { arrayOfType } from './ort'

/**
 * Checks the names, element types and shapes of what a model is fed.
 * @throws PerStreamError `input-invalid` that names the input, the value given and what the model wants
 */
export function checkFeeds(inputs: readonly TensorSpec[], feeds: Readonly<Record<string, Tensor>>): void {
  const known = inputs.map(({ name }) => name)
  for (const name of Object.keys(feeds)) {
    if (!known.includes(name)) throw invalid(name, `the model has no such input: its inputs are ${known.join(', ')}`)
  }
  for (const input of inputs) {
    const tensor = feeds[input.name]
    if (!tensor) throw invalid(input.name, `it is missing: give a ${input.type} tensor of shape ${show(input.shape)}`)
    checkTensor(input, tensor)
  }
}

/** Checks the outputs that were asked for. @throws PerStreamError `input-invalid` for a name that the model does not have */
export function checkOutputs(outputs: readonly TensorSpec[], asked: readonly string[]): void {
  const known = outputs.map(({ name }) => name)
  const missing = asked.find((name) => !known.includes(name))
  if (missing !== undefined) {
    throw new PerStreamError(
      'input-invalid',
      `The model has no output "${missing}": its outputs are ${known.join(', ')}`,
      {
        fields: { output: missing, outputs: known },
      },
    )
  }
}

function checkTensor(input: TensorSpec, { type, shape, data }: Tensor): void {
  if (type !== input.type) throw invalid(input.name, `its type is ${type}, the model wants ${input.type}`)
  if (!(data instanceof arrayOfType[type])) {
    throw invalid(input.name, `its data is a ${data?.constructor?.name}, ${type} lies in a ${arrayOfType[type].name}`)
  }
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw invalid(input.name, `its shape is ${show(shape)}: sizes are whole numbers, 0 or more`)
  }
  const matches = shape.length === input.shape.length && shape.every((size, axis) => fits(size, input.shape[axis]!))
  if (!matches) throw invalid(input.name, `its shape is ${show(shape)}, the model wants ${show(input.shape)}`)
  const count = shape.reduce((product, size) => product * size, 1)
  if (data.length !== count) {
    throw invalid(input.name, `its data has ${data.length} elements, its shape ${show(shape)} needs ${count}`)
  }
}

function fits(size: number, wanted: number | string): boolean {
  return typeof wanted === 'string' || wanted === -1 || wanted === size
}

function show(shape: readonly (number | string)[]): string {
  return `[${shape.map((size) => (size === -1 ? '?' : size)).join(', ')}]`
}

function invalid(name: string, problem: string): PerStreamError {
  return new PerStreamError('input-invalid', `Input "${name}": ${problem}`, { fields: { input: name } })
}
