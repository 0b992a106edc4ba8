import type { TensorSession } from '@perstream/spec'

/** Sessions that are closed together. */
export interface OpenSessions<Names extends string> extends AsyncDisposable {
  readonly sessions: Readonly<Record<Names, TensorSession>>
}

/** Opens sessions one after the other; when one fails, those before it are closed again. */
export async function openSessions<Names extends string>(
  open: Readonly<Record<Names, () => Promise<TensorSession>>>,
): Promise<OpenSessions<Names>> {
  const opened: [string, TensorSession][] = []
  const close = async () => {
    await Promise.all(opened.map(([, session]) => session[Symbol.asyncDispose]()))
  }
  try {
    for (const [name, start] of Object.entries<() => Promise<TensorSession>>(open)) opened.push([name, await start()])
  } catch (error) {
    await close()
    throw error
  }
  return { sessions: Object.fromEntries(opened) as Record<Names, TensorSession>, [Symbol.asyncDispose]: close }
}
