import type { AudienceDefinition, ReferencePort } from '@tessera/audience';

/** Knows whether it was asked anything: what was bound without asking depends on no audience, snapshot or list. */
export class WatchedReferences implements ReferencePort {
  #wereAsked = false;

  constructor(private readonly references: ReferencePort) {}

  get wereAsked(): boolean {
    return this.#wereAsked;
  }

  audience(id: string, version: number | 'latest'): Promise<AudienceDefinition | undefined> {
    this.#wereAsked = true;
    return this.references.audience(id, version);
  }

  hasSnapshot(audienceId: string, version: number): Promise<boolean> {
    this.#wereAsked = true;
    return this.references.hasSnapshot(audienceId, version);
  }

  hasList(id: string): Promise<boolean> {
    this.#wereAsked = true;
    return this.references.hasList(id);
  }
}
