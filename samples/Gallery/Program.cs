using AutLearn.Samples.Gallery;
using AutLearn.Samples.Hosting;

return await LocalWebApp.RunAsync("Gallery", () =>
{
    GalleryOptions options = AppArguments.Read<GalleryOptions>(args, "AUTLEARN_GALLERY_");
    var gallery = new PhotoGallery(options);
    return (GalleryApp.Create(gallery, options.Port), gallery);
});
