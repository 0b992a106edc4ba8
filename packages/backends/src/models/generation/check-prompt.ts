import { type PatchGrid, PerStreamError, type PromptPart, type PromptTurn } from '@perstream/spec'

const roles: readonly string[] = ['system', 'user', 'assistant']

/**
 * Checks the form of a prompt.
 * @throws TypeError for no turns, an unknown role, a turn without parts, an unknown kind of part, a grid whose data
 * is not its size
 */
export function checkPrompt(prompt: readonly PromptTurn[]): void {
  if (prompt.length === 0) throw new TypeError('prompt has no turns: give at least one turn with the role "user"')
  prompt.forEach(({ role, parts }, i) => {
    if (!roles.includes(role)) {
      throw new TypeError(`prompt[${i}].role is "${role}": it must be one of ${roles.join(', ')}`)
    }
    if (parts.length === 0) throw new TypeError(`prompt[${i}].parts is empty: give at least one part`)
    for (const part of parts) checkPart(part, `prompt[${i}]`)
  })
}

function checkPart(part: PromptPart, name: string): void {
  if (part.kind === 'text') {
    if (typeof part.text !== 'string') throw new TypeError(`${name} has a text that is no string: ${typeof part.text}`)
  } else if (part.kind === 'embedding') {
    const { rows, columns, dimensions, data } = part.grid
    if (!(rows > 0 && columns > 0) || data.length !== rows * columns * dimensions) {
      throw new TypeError(
        `${name} has a grid of ${rows} x ${columns} x ${dimensions} with ${data.length} numbers: it must have one row or more and ${rows * columns * dimensions} numbers`,
      )
    }
  } else if (part.kind !== 'image') {
    throw new TypeError(`${name} has a part of kind "${(part as { kind: string }).kind}": text, image or embedding`)
  }
}

/**
 * Checks that a decoder can read a grid.
 * @throws PerStreamError `input-invalid` for another width or a number that is not finite, `space-mismatch` for
 * another space
 */
export function checkGrid(grid: PatchGrid, { width, space }: { readonly width: number; readonly space: string }): void {
  if (grid.dimensions !== width) {
    throw new PerStreamError(
      'input-invalid',
      `The visual embedding has ${grid.dimensions} dimensions, the model reads ${width}: encode it with the vision tower of this model`,
      { fields: { found: grid.dimensions, wanted: width } },
    )
  }
  if (grid.space !== space) {
    throw new PerStreamError(
      'space-mismatch',
      `The visual embedding lives in the space "${grid.space}", the model reads "${space}": encode it with the vision tower of this model, or open both with one "space"`,
      { fields: { found: grid.space, wanted: space } },
    )
  }
  for (let i = 0; i < grid.data.length; i++) {
    const value = grid.data[i]!
    if (value - value !== 0) {
      throw new PerStreamError(
        'input-invalid',
        `The visual embedding has ${value} in row ${Math.floor(i / width)}: every number must be finite`,
        { fields: { row: Math.floor(i / width), value } },
      )
    }
  }
}
