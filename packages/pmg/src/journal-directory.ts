/**
 * A flat folder of files: all that a journal needs of a file system, so that other ones (a browser's private files) can carry the same format.
 */
export interface JournalDirectory {
  /** The names of the files. */
  list(): Promise<string[]>
  /** Opens a file; undefined when it is not there. It stays readable when it is removed meanwhile, where the system allows that. */
  open(name: string): Promise<JournalFile | undefined>
  /** Makes an empty file and opens it; its name is durable when this resolves. */
  create(name: string): Promise<JournalFile>
  /** Writes a whole file in place of one that may be there: after a crash the old or the new is there, whole. */
  replace(name: string, parts: Iterable<Uint8Array>): Promise<void>
  /** Removes a file for good, if it is there. */
  remove(name: string): Promise<void>
}

/** An open file of a {@link JournalDirectory}. Whoever opened it closes it. */
export interface JournalFile {
  size(): Promise<number>
  /** Reads at most `length` bytes from `offset`; fewer only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Adds bytes at the end. */
  append(bytes: Uint8Array): Promise<void>
  /** Makes durable what was written. */
  sync(): Promise<void>
  /** Cuts the file to a size, durably. */
  truncate(size: number): Promise<void>
  close(): Promise<void>
}
