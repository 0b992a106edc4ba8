import { type FrameSource, type FrameSourceDriver, type OpenSourceOptions, PerStreamError } from '@perstream/spec'

/** How {@link openFrameSource} opens a source. */
export interface OpenFrameSourceOptions extends OpenSourceOptions {
  /** Drivers in order of preference; the first that works here is used. */
  readonly drivers: readonly FrameSourceDriver[]
}

/**
 * Opens a video file, URL or device with the first driver that is available on this machine.
 * @throws PerStreamError `source-driver-missing`, naming each driver's reason and remedy, when none is
 * @throws PerStreamError `source-not-found`, `source-unreadable`, `source-no-video` from the driver
 */
export async function openFrameSource(location: string, options: OpenFrameSourceOptions): Promise<FrameSource> {
  const { drivers, ...openOptions } = options
  if (!drivers?.length) throw new TypeError('drivers is empty: give at least one, such as nodeAvDriver()')
  const missing: string[] = []
  for (const driver of drivers) {
    options.signal?.throwIfAborted()
    const status = await driver.probe({ signal: options.signal })
    if (status.available) return await driver.open(location, openOptions)
    missing.push(`${driver.name}: ${status.reason}. ${status.remedy}.`)
  }
  throw new PerStreamError(
    'source-driver-missing',
    `Nothing here can decode ${location}. One of these is needed:\n${missing.map((line) => `- ${line}`).join('\n')}`,
    { fields: { location, drivers: drivers.map((driver) => driver.name) } },
  )
}
