import type { Device } from '@perstream/spec'

/** A device that a session runs on. */
export type NamedDevice = Exclude<Device, 'auto'>
