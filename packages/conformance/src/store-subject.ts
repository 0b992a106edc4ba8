import { afterEach, beforeEach } from 'vitest'

/** A store under test, empty. */
export interface StoreSubject<Store extends AsyncDisposable> {
  readonly store: Store
  /** Opens what was written once more, after the first was disposed; absent where a store does not outlive that. */
  readonly reopen?: (() => Promise<Store>) | undefined
  /** Removes what the test left behind. */
  readonly cleanUp?: (() => Promise<void>) | undefined
}

/** What the test that runs works on. */
export interface CurrentStore<Store extends AsyncDisposable, Subject extends StoreSubject<Store>> {
  readonly subject: Subject
  store: Store
}

/** Opens a store before each test of a suite, and closes it after. A test that opens another puts that in its place. */
export function openForEach<Store extends AsyncDisposable, Subject extends StoreSubject<Store>>(
  open: () => Promise<Subject>,
): CurrentStore<Store, Subject> {
  const current = {} as { subject: Subject; store: Store }
  beforeEach(async () => {
    current.subject = await open()
    current.store = current.subject.store
  })
  afterEach(async () => {
    await current.store[Symbol.asyncDispose]()
    await current.subject.cleanUp?.()
  })
  return current
}
