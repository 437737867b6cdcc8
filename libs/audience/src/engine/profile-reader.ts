import type { Guid, TagDefinition } from '@tessera/tag-catalog';
import type { UserView } from './user-view';

/** The tags of one user; as `UserView`, without rows and lists. TTL is judged by whoever asks, at an as-of. */
export type ProfileView = Pick<UserView, 'guid' | 'cuid' | 'tagValue' | 'tagStates'>;

/** Reads the tags of many users at once. */
export interface ProfileReader {
  /**
   * @param users each with the guid that identity has for its cuid.
   * @param tags to be looked at; others are as if never written.
   * @returns views in the order asked for; undefined: not known or erased.
   * @throws StoreUnavailableError
   */
  profiles(
    users: readonly { readonly cuid: string; readonly guid: Guid }[],
    tags: Iterable<TagDefinition>,
  ): Promise<readonly (ProfileView | undefined)[]>;
}
