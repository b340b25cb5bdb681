/* HMAC-SHA256 with one context for each thread. */
#include "common/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"

/*
 * Fetching the algorithm and keying a context cost several times what the MAC
 * over one URL costs, and a storage daemon verifies with the same key all day.
 */
struct hmac_thread {
	EVP_MAC_CTX *context;
	uint8_t key[HMAC_KEY_MAX];	/* the context holds this one */
	size_t key_size;		/* 0: none yet */
};

static _Thread_local struct hmac_thread *thread_state;
static pthread_key_t thread_end;
static pthread_once_t thread_end_once = PTHREAD_ONCE_INIT;

static void
hmac_thread_free(void *state)
{
	struct hmac_thread *thread = state;

	EVP_MAC_CTX_free(thread->context);
	secret_wipe(thread, sizeof(*thread));
	free(thread);
	thread_state = NULL;
}

static void
hmac_thread_end_create(void)
{
	/* Without the destructor an ending thread only leaks its context. */
	(void)pthread_key_create(&thread_end, hmac_thread_free);
}

static EVP_MAC_CTX *
hmac_context_new(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
		    0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac);
	if (context != NULL && !EVP_MAC_CTX_set_params(context, parameters)) {
		EVP_MAC_CTX_free(context);
		context = NULL;
	}
	return context;
}

static struct hmac_thread *
hmac_thread_get(void)
{
	struct hmac_thread *thread;

	if (thread_state != NULL)
		return thread_state;
	(void)pthread_once(&thread_end_once, hmac_thread_end_create);
	thread = calloc(1, sizeof(*thread));
	if (thread == NULL)
		return NULL;
	thread->context = hmac_context_new();
	if (thread->context == NULL) {
		free(thread);
		return NULL;
	}
	(void)pthread_setspecific(thread_end, thread);
	thread_state = thread;
	return thread;
}

/* Make the context ready for a message under key. */
static enum err
hmac_begin(struct hmac_thread *thread, const void *key,
    size_t key_size)
{
	if (secret_equal(thread->key, thread->key_size, key, key_size))
		return EVP_MAC_init(thread->context, NULL, 0, NULL) == 1 ?
		    ERR_OK : ERR_CRYPTO;
	thread->key_size = 0;
	if (EVP_MAC_init(thread->context, key, key_size, NULL) != 1)
		return ERR_CRYPTO;
	memcpy(thread->key, key, key_size);
	thread->key_size = key_size;
	return ERR_OK;
}

enum err
hmac_sha256(uint8_t mac[static HMAC_BYTES], const void *key,
    size_t key_size, const struct hmac_part parts[], size_t count)
{
	struct hmac_thread *thread = hmac_thread_get();
	size_t size = 0;

	if (thread == NULL || key_size == 0 || key_size > HMAC_KEY_MAX)
		return ERR_CRYPTO;
	if (hmac_begin(thread, key, key_size) != ERR_OK)
		goto failed;
	for (size_t i = 0; i < count; i++)
		if (EVP_MAC_update(thread->context, parts[i].bytes,
		    parts[i].size) != 1)
			goto failed;
	if (EVP_MAC_final(thread->context, mac, &size, HMAC_BYTES) != 1 ||
	    size != HMAC_BYTES)
		goto failed;
	return ERR_OK;
failed:
	thread->key_size = 0;	/* whatever the context holds, key it anew */
	return ERR_CRYPTO;
}

enum err
hkdf_sha256(uint8_t out[static HMAC_BYTES],
    const struct hkdf_input *input)
{
	static const uint8_t no_salt[HMAC_BYTES];	/* RFC 5869, 2.2 */
	static const uint8_t first_block = 1;
	const struct hmac_part extract = { input->key, input->key_size };
	const struct hmac_part expand[] = {
		{ input->info, strlen(input->info) },
		{ &first_block, 1 },
	};
	uint8_t extracted[HMAC_BYTES];
	enum err e;

	if (input->salt_size == 0)
		e = hmac_sha256(extracted, no_salt, sizeof(no_salt), &extract,
		    1);
	else
		e = hmac_sha256(extracted, input->salt, input->salt_size,
		    &extract, 1);
	if (e == ERR_OK)
		e = hmac_sha256(out, extracted, sizeof(extracted), expand, 2);
	secret_wipe(extracted, sizeof(extracted));
	return e;
}
