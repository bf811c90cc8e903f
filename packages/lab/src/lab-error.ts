/**
 * Why a lab could not be built: one line for the user.
 * `code`: `ERR_NO_PRIVILEGE`, `ERR_MISSING_TOOL`, `ERR_MISSING_KERNEL` (this kernel lacks a kind of device, rule or filter), `ERR_TOPOLOGY`
 * (the declaration contradicts itself), else `ERR_SYSTEM`.
 */
export class LabError extends Error {
  override name = 'LabError';
  readonly code: 'ERR_NO_PRIVILEGE' | 'ERR_MISSING_TOOL' | 'ERR_MISSING_KERNEL' | 'ERR_TOPOLOGY' | 'ERR_SYSTEM';

  constructor(code: LabError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
