import { PerStreamError } from '@perstream/spec'

/**
 * One object of a config.json, read key by key. Every message names the key by its path from the root
 * (`text_config.hidden_size`), the value, and what would do.
 */
export interface ConfigSection {
  has(key: string): boolean
  keys(): readonly string[]
  /** A whole number of 1 or more. @throws PerStreamError `model-invalid` */
  count(key: string, fallback?: number): number
  /** A finite number above 0. @throws PerStreamError `model-invalid` */
  positive(key: string, fallback?: number): number
  /** @throws PerStreamError `model-invalid` */
  flag(key: string): boolean | undefined
  /** @throws PerStreamError `model-invalid` */
  text(key: string): string | undefined
  /** The id of a token: a whole number of 0 or more. @throws PerStreamError `model-invalid` */
  token(key: string): number | undefined
  /** Whole numbers of 0 or more; one number counts as a list of one. @throws PerStreamError `model-invalid` */
  numbers(key: string): readonly number[] | undefined
  /** Values of any kind. @throws PerStreamError `model-invalid` when the value is no list */
  list(key: string): readonly unknown[] | undefined
  /** @throws PerStreamError `model-invalid` when the value is no object */
  section(key: string): ConfigSection | undefined
  /** The error of a value that is wrong. */
  invalid(key: string, wanted: string): PerStreamError
  /** The error of a value that is right, but that nothing here computes. */
  unsupported(key: string, supported: string): PerStreamError
}

/** Makes a section of an object; `path` is its place in the config, '' for the root. */
export function createConfigSection(values: Readonly<Record<string, unknown>>, path = ''): ConfigSection {
  const place = (key: string) => (path === '' ? key : `${path}.${key}`)
  /** Keys that are null are not there, as in the library that writes these files. */
  const get = (key: string): unknown => (Object.hasOwn(values, key) ? (values[key] ?? undefined) : undefined)
  const fail = (code: 'model-invalid' | 'model-unsupported', key: string, advice: string) => {
    const value = get(key)
    const message = `config.json: "${place(key)}" is ${value === undefined ? 'missing' : JSON.stringify(value)}; ${advice}`
    return new PerStreamError(code, message, { fields: { key: place(key), value } })
  }
  const section: ConfigSection = {
    has: (key) => get(key) !== undefined,
    keys: () => Object.keys(values),
    invalid: (key, wanted) => fail('model-invalid', key, `it must be ${wanted}`),
    unsupported: (key, supported) => fail('model-unsupported', key, `supported: ${supported}`),
    count(key, fallback) {
      const value = get(key) ?? fallback
      if (!isWhole(value) || value === 0) throw section.invalid(key, 'a whole number of 1 or more')
      return value
    },
    positive(key, fallback) {
      const value = get(key) ?? fallback
      if (typeof value !== 'number' || !(value > 0)) throw section.invalid(key, 'a number above 0')
      return value
    },
    flag(key) {
      const value = get(key)
      if (value !== undefined && typeof value !== 'boolean') throw section.invalid(key, 'true or false')
      return value
    },
    text(key) {
      const value = get(key)
      if (value !== undefined && typeof value !== 'string') throw section.invalid(key, 'a string')
      return value
    },
    token(key) {
      const value = get(key)
      if (value !== undefined && !isWhole(value)) throw section.invalid(key, 'the id of a token')
      return value
    },
    numbers(key) {
      const value = get(key)
      if (value === undefined) return undefined
      const list: readonly unknown[] = Array.isArray(value) ? value : [value]
      if (!list.every(isWhole)) throw section.invalid(key, 'whole numbers of 0 or more')
      return list
    },
    list(key) {
      const value = get(key)
      if (value !== undefined && !Array.isArray(value)) throw section.invalid(key, 'a list')
      return value
    },
    section(key) {
      const value = get(key)
      if (value === undefined) return undefined
      if (!isObject(value)) throw section.invalid(key, 'an object')
      return createConfigSection(value, place(key))
    },
  }
  return section
}

/** Tells whether a parsed JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
