import type { Deflation } from './deflation'

/**
 * A flat folder of files: all that a store needs of a file system, so that other ones (a browser's private files) can carry the same
 * format. Whole files are written once and never changed; only the journal grows.
 */
export interface JournalDirectory {
  /** The names of the files. */
  list(): Promise<string[]>
  /** Opens a file; undefined when it is not there. It stays readable when it is removed meanwhile, where the system allows that. */
  open(name: string): Promise<JournalFile | undefined>
  /** Writes a whole new file, in place of one that no store knows. Its bytes are durable when this resolves, its name after `sync`. */
  write(name: string, parts: Iterable<Uint8Array>): Promise<void>
  /** Writes a whole file in place of one that may be there, durably: after a crash the old or the new is there, whole. */
  replace(name: string, parts: Iterable<Uint8Array>): Promise<void>
  /** Removes a file, if it is there: for good after `sync`. */
  remove(name: string): Promise<void>
  /** Makes durable which files there are. */
  sync(): Promise<void>
  /** CRC-32 as in zlib, where the system has a fast one. Default: one in TypeScript. */
  readonly crc32?: ((bytes: Uint8Array) => number) | undefined
  /** Raw deflate, where the system has a fast one. Default: one in JavaScript. */
  readonly deflation?: Deflation | undefined
}

/** An open file of a {@link JournalDirectory}. Whoever opened it closes it. */
export interface JournalFile {
  size(): Promise<number>
  /**
   * Reads at most `length` bytes from `offset`; fewer only at the end. The bytes are the caller's own. Where the file can, it reads into
   * the start of `into`, if they fit there: that spares making room for them.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>
  /** Adds bytes at the end. */
  append(bytes: Uint8Array): Promise<void>
  /** Makes durable what was written. */
  sync(): Promise<void>
  /** Cuts the file to a size, durably. */
  truncate(size: number): Promise<void>
  close(): Promise<void>
}
