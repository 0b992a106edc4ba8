import type { CallOptions, ModelSource, OpenModelOptions, TensorRuntime, TensorSession } from '@perstream/spec'

/** Where a model, a part or a copy of it runs. */
export interface ModelPlace extends Pick<OpenModelOptions, 'device' | 'deviceIndex' | 'dtype' | 'threads'> {
  /** Default: the runtime that everything else runs on. */
  readonly runtime?: TensorRuntime | undefined
}

/** Where each part of a model runs; a part that is not named takes the place `default`, else 'auto'. */
export type Placement<Part extends string = string> = Readonly<Partial<Record<Part | 'default', ModelPlace>>>

/** A part of a model: where it is, and what else its opening needs. */
export interface ModelPart extends Pick<OpenModelOptions, 'externalData' | 'heldOutputs'> {
  readonly source: ModelSource
}

/** Options of {@link openParts}. */
export interface OpenPartsOptions<Part extends string> extends CallOptions {
  readonly runtime: TensorRuntime
  readonly placement?: Placement<Part> | undefined
}

/** Sessions by part, closed together. */
export interface OpenedParts<Part extends string> extends AsyncDisposable {
  readonly sessions: Readonly<Record<Part, TensorSession>>
}

/**
 * Opens the parts of a model, each in its place: `{ vision: { device: 'cuda' }, decoder: { device: 'cuda', deviceIndex: 1 } }`.
 * @throws what `open` throws, after closing the parts that did open
 */
export async function openParts<Part extends string>(
  parts: Readonly<Record<Part, ModelPart>>,
  { runtime, placement, signal }: OpenPartsOptions<NoInfer<Part>>,
): Promise<OpenedParts<Part>> {
  const names = Object.keys(parts) as Part[]
  const places: Readonly<Record<string, ModelPlace | undefined>> = placement ?? {}
  const stranger = Object.keys(places).find((name) => name !== 'default' && !(name in parts))
  if (stranger !== undefined) {
    throw new TypeError(
      `placement names "${stranger}", which is no part of the model: its parts are ${names.join(', ')}`,
    )
  }
  const opened = await Promise.allSettled(
    names.map((name) => {
      const { runtime: own = runtime, ...place } = places[name] ?? places.default ?? {}
      const { source, ...needs } = parts[name]
      return own.open(source, { ...needs, ...place, signal })
    }),
  )
  const done = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const close = async () => {
    await Promise.all(done.map((session) => session[Symbol.asyncDispose]()))
  }
  const failed = opened.find((result) => result.status === 'rejected')
  if (failed) {
    await close()
    throw failed.reason
  }
  const sessions = Object.fromEntries(names.map((name, i) => [name, done[i]!])) as Record<Part, TensorSession>
  return { sessions, [Symbol.asyncDispose]: close }
}
