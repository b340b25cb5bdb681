/* How a format is walked; for probe.c and the files of the formats alone.
 *
 * A step sees the bytes that it wanted.  It either wants more of them, or
 * advances: past some, also past such as have not come yet, to what it wants
 * next.  A step that does neither has seen enough and says so.
 */
#ifndef COMMERCED_MEDIA_PROBE_FORMATS_H
#define COMMERCED_MEDIA_PROBE_FORMATS_H

#include "commerced/media/probe.h"

#define PROBE_HELD_MAX 4096
#define PROBE_STREAMS_MAX 8

struct ogg_stream {
	uint32_t serial;
	uint64_t rate;		/* units a second, times scale */
	uint64_t scale;
	uint64_t skip;		/* units before the first that is heard */
	uint64_t last;		/* unit where it ends */
	uint8_t shift;		/* of Theora: key frames */
	bool is_known, has_ended;
};

struct probe_ogg {
	struct ogg_stream streams[PROBE_STREAMS_MAX];
	size_t count;
	bool is_begun;		/* pages other than first ones came */
	int64_t before_ms;	/* of chained ones that ended */
	bool has_video;
};

struct probe_mp3 {
	uint32_t kind;		/* bits that all frames have in common */
	uint32_t rate;		/* samples a second */
	uint32_t samples;	/* in each frame */
	uint64_t frames;
	uint64_t lost;		/* bytes that are no frame */
	uint64_t trailer_at;	/* what follows the last one; 0: nothing */
	bool is_tag;		/* ID3v1, of TAG_BYTES */
};

struct probe_flac {
	uint32_t rate;
	uint64_t samples;	/* 0: not said */
	bool is_begun;		/* STREAMINFO was seen */
	bool has_frame;
};

struct probe_wav {
	uint32_t byte_rate;
	uint64_t long_size;	/* of RF64; 0: none */
	uint64_t size;		/* of the sound */
	uint64_t open_at;	/* it goes to the end from there; 0: no */
	bool has_format, has_data;
};

struct mp4_track {
	uint32_t id;
	uint32_t each;			/* units of a sample, unless told */
	uint32_t scale;			/* units a second */
	uint64_t end;			/* of its fragments so far; units */
};

struct probe_mp4 {
	uint64_t scale, duration;	/* units a second, units */
	bool has_header, has_film, has_data, has_video;
	bool is_open;			/* the last box goes to the end */
	bool is_total;			/* duration counts fragments, too */
	struct mp4_track tracks[PROBE_STREAMS_MAX];
	size_t count;
	/* The fragment of a track that is being read. */
	struct mp4_track *track;	/* NULL: of none that is known */
	uint32_t each;
	uint64_t at;			/* where its next sample begins */
	/* Samples, of which each says how long it is. */
	uint32_t samples_left;
	size_t sample_size;		/* bytes of an entry */
	uint64_t box_left;		/* bytes; 0: between boxes */
};

struct probe_webm {
	uint64_t scale;			/* nanoseconds of a unit */
	double duration;		/* units; 0: not said */
	bool is_webm, has_cluster, has_video;
};

typedef void probe_step(struct media_probe *probe);
typedef void probe_finish(const struct media_probe *probe,
    struct media *out);

struct media_probe {
	probe_step *step;
	probe_finish *finish;		/* NULL: not told yet */
	uint64_t size;			/* bytes so far */
	uint64_t offset;		/* of the first held one */
	uint64_t skip;			/* to pass before the next held one */
	size_t wanted;			/* at most PROBE_HELD_MAX */
	size_t held_size;
	bool is_broken;			/* not of its format */
	bool is_over;			/* nothing more to see */
	union {
		struct probe_ogg ogg;
		struct probe_mp3 mp3;
		struct probe_flac flac;
		struct probe_wav wav;
		struct probe_mp4 mp4;
		struct probe_webm webm;
	} as;
	uint8_t held[PROBE_HELD_MAX];
};

/* Call the step again with so many bytes; more than are held. */
void probe_want(struct media_probe *probe, size_t count);
/* Past count bytes, counted from the first held one; then want so many. */
void probe_advance(struct media_probe *probe, uint64_t count, size_t wanted);
/* It is not of its format after all; or there is nothing more to see. */
void probe_break(struct media_probe *probe);
void probe_end(struct media_probe *probe);

/* Did the last step end where the file does? */
bool probe_is_between(const struct media_probe *probe);

/* units of rate a second; unknown where that is no number of use. */
int64_t probe_duration_ms(uint64_t units, uint64_t rate);

/* Each begins with what identifies it held, and is MEDIA_..._WANTED long. */
#define PROBE_WANTED 12
probe_step probe_begin_ogg, probe_begin_mp3, probe_begin_flac,
    probe_begin_wav, probe_begin_mp4, probe_begin_webm;
/* Does a frame of MP3 begin with these four bytes? */
bool probe_is_mp3(const uint8_t bytes[static 4]);

#endif
