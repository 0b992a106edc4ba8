import { findJson } from '../loose-json'

/** The flat objects in what a model wrote as JSON or nearly so (see `findJson`), in lists or within others or not. */
export function flatObjects(reply: string): Record<string, unknown>[] {
  return [...findJson(reply)].flatMap(flatten)
}

function flatten(value: object): Record<string, unknown>[] {
  const nested = Object.values(value).filter((each): each is object => typeof each === 'object' && each !== null)
  if (nested.length > 0) return nested.flatMap(flatten)
  return Array.isArray(value) ? [] : [value as Record<string, unknown>]
}
