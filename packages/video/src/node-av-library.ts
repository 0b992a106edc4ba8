/** The two parts of node-av that PerStream uses: its synchronous low-level API. (Its asynchronous one yields nothing on Node 20.) */
export interface NodeAv {
  readonly lib: typeof import('node-av/lib')
  readonly constants: typeof import('node-av/constants')
}

/** Loads node-av, quiet. Takes about 0.1 s the first time. */
export async function loadNodeAv(): Promise<NodeAv> {
  const [lib, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')])
  lib.Log.setLevel(constants.AV_LOG_QUIET)
  return { lib, constants }
}
