/*
 * damage.h - how verify and repair tell of what is wrong with a vault, and of the messages that it costs.
 */
#ifndef CMD_DAMAGE_H
#define CMD_DAMAGE_H

#include "cmd/cmd.h"
#include "vault/vault.h"

struct damage;

/* damage_new(app, title, heading): of the account ${title}; ${heading} stands over the folders of messages. */
struct damage *damage_new(struct app *, const char *title, const char *heading);
/* damage_free(dp): end the list of messages, too. */
void damage_free(struct damage **);
struct ui *damage_ui(const struct damage *);
const char *damage_title(const struct damage *);
/* The three that vault_verify() calls; their first argument is a struct damage. */
void damage_found(void *, const struct vault_finding *);
void damage_cost(void *, const struct known_message *, const char *pack);
void damage_progress(void *, uint64_t done, uint64_t total);

#endif
