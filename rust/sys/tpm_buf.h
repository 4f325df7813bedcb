/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's buffer for TPM commands, which 7.2 and 7.3 make differently. */
#ifndef _LAUNCHGUARD_TPM_BUF_H
#define _LAUNCHGUARD_TPM_BUF_H

#include <linux/types.h>

struct tpm_buf;

/* A command without parameters; NULL when there is no memory. */
struct tpm_buf *lg_tpm_buf_create(u16 tag, u32 code);
void lg_tpm_buf_free(struct tpm_buf *buf);

#endif /* _LAUNCHGUARD_TPM_BUF_H */
