/* Sound and film: what they are, how long they play, whether they are whole;
 * in pieces of any size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commerced/media/excerpt.h"
#include "commerced/media/probe.h"

#define FILE_MAX 65536

/* A file that is being made. */
static uint8_t file[FILE_MAX];
static size_t file_size;

static void
put(const void *bytes, size_t size)
{
	assert_true(size <= FILE_MAX - file_size);
	memcpy(file + file_size, bytes, size);
	file_size += size;
}

static void
put_text(const char *text)
{
	put(text, strlen(text));
}

/* size bytes of a number, the first one most (or least) significant. */
static void
put_be(uint64_t number, size_t size)
{
	for (size_t i = size; i-- > 0;)
		put(&(uint8_t){ (uint8_t)(number >> (8 * i)) }, 1);
}

static void
put_le(uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put(&(uint8_t){ (uint8_t)(number >> (8 * i)) }, 1);
}

static void
put_zeros(size_t size)
{
	for (size_t i = 0; i < size; i++)
		put("", 1);
}

static struct media
probe_in_pieces(size_t piece)
{
	struct media_probe *probe;
	struct media media;

	assert_int_equal(media_probe_new(&probe), ERR_OK);
	for (size_t at = 0; at < file_size; at += piece) {
		size_t n = piece < file_size - at ? piece : file_size - at;
		/* A copy, so that sanitizers see a read behind its end. */
		uint8_t *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, file + at, n);
		media_probe_add(probe, copy, n);
		free(copy);
	}
	media_probe_finish(probe, &media);
	media_probe_free(probe);
	return media;
}

/* What is made is of this kind, however it comes. */
static struct media
probe_file(void)
{
	struct media media = probe_in_pieces(FILE_MAX);

	for (size_t piece = 1; piece < 40; piece++) {
		struct media other = probe_in_pieces(piece);

		assert_int_equal(other.container, media.container);
		assert_int_equal(other.duration_ms, media.duration_ms);
		assert_int_equal(other.is_whole, media.is_whole);
	}
	return media;
}

static void
file_is(enum media_container container, int64_t duration_ms, bool is_whole)
{
	struct media media = probe_file();

	assert_int_equal(media.container, container);
	assert_int_equal(media.duration_ms, duration_ms);
	assert_int_equal(media.is_whole, is_whole);
}

/* --- Ogg ------------------------------------------------------------------ */

struct page {
	uint8_t flags;		/* 2: first, 4: last */
	uint64_t position;
	uint32_t serial;
};

static void
put_page(struct page page, const void *data, uint8_t size)
{
	put_text("OggS");
	put_be(0, 1);
	put_be(page.flags, 1);
	put_le(page.position, 8);
	put_le(page.serial, 4);
	put_zeros(8);
	put_be(1, 1);
	put_be(size, 1);
	put(data, size);
}

static void
put_vorbis(uint32_t serial, uint32_t rate, uint64_t samples)
{
	uint8_t head[30] = "\1vorbis";

	for (unsigned i = 0; i < 4; i++)
		head[12 + i] = (uint8_t)(rate >> (8 * i));
	put_page((struct page){ 2, 0, serial }, head, sizeof(head));
	put_page((struct page){ 0, UINT64_MAX, serial }, "setup", 5);
	put_page((struct page){ 0, samples / 2, serial }, "sound", 5);
	put_page((struct page){ 4, samples, serial }, "sound", 5);
}

static void
ogg_ends_where_its_last_page_says(void **state)
{
	uint8_t head[19] = "OpusHead";

	(void)state;
	file_size = 0;
	put_vorbis(7, 44100, 44100 * 90 + 441);
	file_is(MEDIA_OGG, 90010, true);
	file_size--;
	file_is(MEDIA_OGG, 90010, false);

	file_size = 0;
	head[10] = 0x38;	/* 312 samples are not heard */
	head[11] = 0x01;
	put_page((struct page){ 2, 0, 9 }, head, sizeof(head));
	put_page((struct page){ 0, 48000 * 3 + 312, 9 }, "sound", 5);
	file_is(MEDIA_OGG, 3000, false);	/* no last page */
	put_page((struct page){ 4, 48000 * 4 + 312, 9 }, "sound", 5);
	file_is(MEDIA_OGG, 4000, true);
}

static void
chained_streams_play_one_after_the_other(void **state)
{
	(void)state;
	file_size = 0;
	put_vorbis(1, 8000, 8000);
	put_vorbis(1, 16000, 32000);
	file_is(MEDIA_OGG, 3000, true);
	put_page((struct page){ 0, 1, 99 }, "stray", 5);
	assert_int_equal(probe_file().container, MEDIA_UNKNOWN);
}

static void
streams_that_play_together_count_once(void **state)
{
	uint8_t theora[42] = "\x80theora";

	(void)state;
	file_size = 0;
	theora[25] = 10;	/* ten frames in one second */
	theora[29] = 1;
	theora[41] = 6 << 5;	/* shift by six */
	put_page((struct page){ 2, 0, 3 }, theora, sizeof(theora));
	put_page((struct page){ 4, 40 << 6 | 2, 3 }, "film", 4);
	put_page((struct page){ 2, 0, 3 }, theora, sizeof(theora));
	/* 42 frames; then the same once more without an end */
	file_is(MEDIA_OGG, 4200, false);
	assert_true(probe_file().has_video);
}

/* --- MP3 ------------------------------------------------------------------ */

/* MPEG 1, layer III, 128 kbit/s, 44100 Hz: 417 bytes, 1152 samples. */
static void
put_frames(unsigned count)
{
	for (; count > 0; count--) {
		put_be(0xfffb9000, 4);
		put_zeros(413);
	}
}

static void
mp3_is_as_long_as_its_frames(void **state)
{
	(void)state;
	file_size = 0;
	put_frames(50);
	file_is(MEDIA_MP3, 50 * 1152 * 1000 / 44100, true);
	file_size -= 1;
	file_is(MEDIA_MP3, 50 * 1152 * 1000 / 44100, false);
	file_size = 0;
	put_frames(3);		/* may be chance */
	file_is(MEDIA_UNKNOWN, MEDIA_DURATION_UNKNOWN, false);
}

static void
tags_and_a_frame_about_frames_are_no_sound(void **state)
{
	(void)state;
	file_size = 0;
	put_text("ID3");
	put_be(0x0300, 3);
	put_be(0x0102, 4);	/* 130 bytes, seven bits each */
	put_zeros(130);
	put_frames(1);
	memcpy(file + 140 + 36, "Xing", 4);
	put_frames(20);
	put_text("TAG");
	put_zeros(125);
	file_is(MEDIA_MP3, 20 * 1152 * 1000 / 44100, true);
	file_size--;
	file_is(MEDIA_MP3, 20 * 1152 * 1000 / 44100, false);
}

/* --- the others ----------------------------------------------------------- */

static void
put_flac(uint64_t samples)
{
	put_text("fLaC");
	put_be(34, 4);
	put_zeros(10);
	put_be((UINT64_C(48000) << 44) | UINT64_C(1) << 41 |
	    UINT64_C(15) << 36 | samples, 8);
	put_zeros(16);
	put_be(0x81000003, 4);
	put_zeros(3);
	put_be(0xfff8, 2);
}

static void
flac_says_how_many_samples_it_has(void **state)
{
	(void)state;
	file_size = 0;
	put_flac(UINT64_C(48000) * 61);
	file_is(MEDIA_FLAC, 61000, true);
	file[file_size - 1] = 0;
	file_is(MEDIA_UNKNOWN, MEDIA_DURATION_UNKNOWN, false);
	file_size = 0;
	put_flac(0);
	file_is(MEDIA_FLAC, MEDIA_DURATION_UNKNOWN, true);
}

static void
put_wav(uint32_t size)
{
	put_text("RIFF");
	put_le(36 + (uint64_t)size, 4);
	put_text("WAVEfmt ");
	put_le(16, 4);
	put_le(0x00010001, 4);
	put_le(8000, 4);
	put_le(16000, 4);
	put_le(0x00100002, 4);
	put_text("data");
	put_le(size, 4);
}

static void
wav_has_so_many_bytes_a_second(void **state)
{
	(void)state;
	file_size = 0;
	put_wav(32000);
	put_zeros(32000);
	file_is(MEDIA_WAV, 2000, true);
	file_size--;
	file_is(MEDIA_WAV, 2000, false);
	file_size = 0;
	put_wav(UINT32_MAX);	/* written to a pipe */
	put_zeros(8000);
	file_is(MEDIA_WAV, 500, true);
}

static void
put_box(const char *name, uint32_t content)
{
	put_be(8 + content, 4);
	put_text(name);
}

static void
put_mp4(uint32_t scale, uint32_t duration)
{
	put_box("ftyp", 8);
	put_text("isom");
	put_zeros(4);
	put_box("mdat", 1000);
	put_zeros(1000);
	put_box("moov", 108 + 8 + 8 + 32);
	put_box("mvhd", 100);
	put_zeros(12);
	put_be(scale, 4);
	put_be(duration, 4);
	put_zeros(80);
	put_box("trak", 8 + 32);
	put_box("mdia", 32);
	put_box("hdlr", 24);
	put_zeros(8);
	put_text("vide");
	put_zeros(12);
}

static void
mp4_says_how_long_it_is_wherever_that_stands(void **state)
{
	(void)state;
	file_size = 0;
	put_mp4(600, 600 * 75);
	file_is(MEDIA_MP4, 75000, true);
	assert_true(probe_file().has_video);
	file_size--;
	file_is(MEDIA_MP4, 75000, false);
	file_size = 0;
	put_mp4(600, UINT32_MAX);
	file_is(MEDIA_MP4, MEDIA_DURATION_UNKNOWN, true);
	file_size = 0;
	put_mp4(0, 75000);
	file_is(MEDIA_MP4, MEDIA_DURATION_UNKNOWN, true);
	/* a box that is shorter than its header */
	put_be(7, 4);
	put_text("free");
	assert_int_equal(probe_file().container, MEDIA_UNKNOWN);
}

/* A film of track 7, of 1000 units a second, in fragments; first: what mvhd
 * says, in milliseconds; total: what mehd says, or 0. */
static void
put_fragmented(uint32_t first, uint64_t total)
{
	uint32_t extends = 8 + 24 + (total > 0 ? 8 + 12 : 0);

	file_size = 0;
	put_box("ftyp", 8);
	put_text("isom");
	put_zeros(4);
	put_box("moov", 108 + 8 + 92 + 8 + 32 + 8 + extends);
	put_box("mvhd", 100);
	put_zeros(12);
	put_be(1000, 4);
	put_be(first, 4);
	put_zeros(80);
	put_box("trak", 92 + 8 + 32);
	put_box("tkhd", 84);
	put_zeros(12);
	put_be(7, 4);
	put_zeros(68);
	put_box("mdia", 32);
	put_box("mdhd", 24);
	put_zeros(12);
	put_be(1000, 4);
	put_zeros(8);
	put_box("mvex", extends);
	if (total > 0) {
		put_box("mehd", 12);
		put_be(UINT64_C(1) << 24, 4);
		put_be(total, 8);
	}
	put_box("trex", 24);
	put_zeros(4);
	put_be(7, 4);
	put_zeros(4);
	put_be(40, 4);		/* a sample */
	put_zeros(8);
	put_box("mdat", 10);
	put_zeros(10);
}

/* One of it, from start on; its trun is for the caller. */
static void
put_fragment(uint32_t track, uint64_t start, uint32_t trun)
{
	put_box("moof", 8 + 16 + 20 + trun);
	put_box("traf", 16 + 20 + trun);
	put_box("tfhd", 8);
	put_zeros(4);
	put_be(track, 4);
	put_box("tfdt", 12);
	put_be(UINT64_C(1) << 24, 4);
	put_be(start, 8);
}

/* Samples as long as trex says, or so many of 10 units and one more byte. */
static void
put_samples(uint32_t count, bool have_lengths)
{
	put_box("trun", have_lengths ? 12 + 8 * count + 1 : 8);
	put_be(have_lengths ? 0x301 : 0, 4);
	put_be(count, 4);
	if (!have_lengths)
		return;
	put_zeros(4);
	for (uint32_t i = 0; i < count; i++) {
		put_be(10, 4);
		put_be(1, 4);
	}
	put_zeros(1);
}

static void
mp4_in_fragments_plays_to_the_end_of_the_last(void **state)
{
	(void)state;
	put_fragmented(2000, 0);
	file_is(MEDIA_MP4, 2000, true);
	put_fragment(7, 2000, 16);
	put_samples(25, false);
	file_is(MEDIA_MP4, 3000, true);
	put_fragment(7, 3000, 8 + 12 + 8 * 30 + 1);
	put_samples(30, true);
	file_is(MEDIA_MP4, 3300, true);
	/* of a track that is not there; of one that is no sum */
	put_fragment(8, 5000, 16);
	put_samples(25, false);
	put_fragment(7, UINT64_MAX - 2, 16);
	put_samples(UINT32_MAX, false);
	file_is(MEDIA_MP4, 3300, true);
	/* samples that are not in their box */
	put_fragment(7, 3000, 16);
	put_box("trun", 8);
	put_be(0x100, 4);
	put_be(UINT32_MAX, 4);
	assert_int_equal(probe_file().container, MEDIA_UNKNOWN);
	/* What is said for all of them counts. */
	put_fragmented(2000, 7500);
	put_fragment(7, 2000, 16);
	put_samples(25, false);
	file_is(MEDIA_MP4, 7500, true);
}

static void
put_webm(const char *kind)
{
	put_be(0x1a45dfa3, 4);
	put_be(0x87, 1);
	put_be(0x428284, 3);
	put_text(kind);
	put_be(0x18538067, 4);
	put_be(0x01ffffffffffffff, 8);		/* not known */
	put_be(0x1549a966, 4);
	put_be(0x92, 1);
	put_be(0x2ad7b1, 3);
	put_be(0x83, 1);
	put_be(1000000, 3);
	put_be(0x4489, 2);
	put_be(0x88, 1);
	put_be(0x40c81c8000000000, 8);		/* 12345.0 */
	put_be(0x1654ae6b, 4);
	put_be(0x85, 1);
	put_be(0xae, 1);
	put_be(0x83, 1);
	put_be(0x838101, 3);			/* film */
	put_be(0x1f43b675, 4);
	put_be(0x8a, 1);
	put_zeros(10);
}

static void
webm_says_how_long_it_is(void **state)
{
	(void)state;
	file_size = 0;
	put_webm("webm");
	file_is(MEDIA_WEBM, 12345, true);
	assert_true(probe_file().has_video);
	file_size--;
	file_is(MEDIA_WEBM, 12345, false);
	file_size = 0;
	put_webm("matr");
	file_is(MEDIA_UNKNOWN, MEDIA_DURATION_UNKNOWN, false);
}

static void
lengths_that_cannot_be_are_none(void **state)
{
	(void)state;
	file_size = 0;
	put_vorbis(7, 1, UINT64_MAX - 1);
	file_is(MEDIA_OGG, MEDIA_DURATION_UNKNOWN, true);
	file_size = 0;
	put_flac((UINT64_C(1) << 36) - 1);
	file_is(MEDIA_FLAC, INT64_C(1431655765) /* 16.6 days */, true);
	file_size = 0;
	put_mp4(1, 366 * 24 * 3600 + 1);
	file_is(MEDIA_MP4, MEDIA_DURATION_UNKNOWN, true);
}

static void
everything_else_is_unknown(void **state)
{
	(void)state;
	file_size = 0;
	file_is(MEDIA_UNKNOWN, MEDIA_DURATION_UNKNOWN, false);
	put_text("OggS");
	file_is(MEDIA_UNKNOWN, MEDIA_DURATION_UNKNOWN, false);
	put_zeros(40000);
	file_is(MEDIA_UNKNOWN, MEDIA_DURATION_UNKNOWN, false);
}

/* --- excerpts ------------------------------------------------------------- */

static enum err
check(const char *declared, struct excerpt_facts *facts)
{
	const char *reason;
	enum err e = excerpt_check(file, file_size, declared, facts, &reason);

	assert_int_equal(reason == NULL, e == ERR_OK);
	return e;
}

static void
an_excerpt_is_of_the_kind_that_its_type_says(void **state)
{
	struct excerpt_facts facts;

	(void)state;
	file_size = 0;
	put_vorbis(7, 44100, 44100);
	assert_int_equal(check(NULL, &facts), ERR_OK);
	assert_string_equal(facts.media_type, "audio/ogg");
	assert_int_equal(facts.duration_ms, 1000);
	assert_int_equal(check("Application/Ogg;codecs=vorbis", &facts),
	    ERR_OK);
	assert_string_equal(facts.media_type, "application/ogg");
	assert_int_equal(check("video/ogg", &facts), ERR_PICTURE_MALFORMED);
	assert_int_equal(check("audio/mpeg", &facts), ERR_PICTURE_MALFORMED);
	file_size--;
	assert_int_equal(check(NULL, &facts), ERR_PICTURE_MALFORMED);
	file_size = 0;
	put_mp4(1, 1);
	assert_int_equal(check("audio/mp4", &facts), ERR_PICTURE_MALFORMED);
	assert_int_equal(check(NULL, &facts), ERR_OK);
	assert_string_equal(facts.media_type, "video/mp4");
	assert_false(excerpt_type_is_known("text/html"));
}

static void
an_excerpt_of_flac_ends_with_a_frame(void **state)
{
	/* Fixed blocks of 4096, frame 0, mono, silence, as flac writes it. */
	static const uint8_t frame[] = { 0xff, 0xf8, 0xc9, 0x08, 0x00, 0x95,
		0x00, 0x00, 0x00, 0x21, 0xbd };
	struct excerpt_facts facts;

	(void)state;
	file_size = 0;
	put_flac(4096);
	file_size -= 2;
	put(frame, sizeof(frame));
	assert_int_equal(check(NULL, &facts), ERR_OK);
	put_text("x");
	assert_int_equal(check(NULL, &facts), ERR_PICTURE_MALFORMED);
	file_size -= 2;
	assert_int_equal(check(NULL, &facts), ERR_PICTURE_MALFORMED);
}

static void
pages_are_whole_to_their_ends(void **state)
{
	struct excerpt_facts facts;

	(void)state;
	file_size = 0;
	put_text("%PDF-1.7\nxref\n");
	put_text("startxref\n9\n%%EOF\n");
	assert_int_equal(check("application/pdf", &facts), ERR_OK);
	assert_int_equal(check("application/epub+zip", &facts),
	    ERR_PICTURE_MALFORMED);
	file_size -= 4;
	assert_int_equal(check(NULL, &facts), ERR_PICTURE_MALFORMED);
	file_size = 0;
	put_text("%PDF-1.7\nstartxref\n99999999999999999999999\n%%EOF\n");
	assert_int_equal(check(NULL, &facts), ERR_PICTURE_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ogg_ends_where_its_last_page_says),
		cmocka_unit_test(chained_streams_play_one_after_the_other),
		cmocka_unit_test(streams_that_play_together_count_once),
		cmocka_unit_test(mp3_is_as_long_as_its_frames),
		cmocka_unit_test(tags_and_a_frame_about_frames_are_no_sound),
		cmocka_unit_test(flac_says_how_many_samples_it_has),
		cmocka_unit_test(wav_has_so_many_bytes_a_second),
		cmocka_unit_test(mp4_says_how_long_it_is_wherever_that_stands),
		cmocka_unit_test(mp4_in_fragments_plays_to_the_end_of_the_last),
		cmocka_unit_test(webm_says_how_long_it_is),
		cmocka_unit_test(lengths_that_cannot_be_are_none),
		cmocka_unit_test(everything_else_is_unknown),
		cmocka_unit_test(an_excerpt_is_of_the_kind_that_its_type_says),
		cmocka_unit_test(an_excerpt_of_flac_ends_with_a_frame),
		cmocka_unit_test(pages_are_whole_to_their_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
