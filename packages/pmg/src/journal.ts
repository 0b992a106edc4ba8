export type { JournalDirectory, JournalFile } from './journal-directory'
export { type RepairReport, repairJournal } from './journal-repair'
export { type JournalStore, type JournalStoreOptions, openJournalStore } from './journal-store'
export { type StoreDamage, type StoreFileReport, type StoreReport, verifyJournal } from './journal-verify'
