import { PerStreamError } from '@perstream/spec'

/** Says that there is no memory of an id. */
export function notFound(id: string): PerStreamError {
  return new PerStreamError('memory-not-found', `there is no memory "${id}": list() names those there are`, {
    fields: { id },
  })
}

/** Says that there is no entity of an id. */
export function entityNotFound(id: string): PerStreamError {
  return new PerStreamError('entity-not-found', `there is no entity "${id}": entities() names those there are`, {
    fields: { id },
  })
}

/** Says that a vector is of another space or width than those that are stored. */
export function spaceMismatch(stored: string, given: string): PerStreamError {
  return new PerStreamError(
    'space-mismatch',
    `the graph's embeddings are of the space ${stored}, the one given is of ${given}: embed it with the same encoder`,
    { fields: { stored, given } },
  )
}
